import type { HttpServer } from '@oriontel/service';
import { z } from 'zod';
import type { QrDrawer } from './create-qr-drawer.ts';
import { QrQuery } from './qr-query.ts';

export interface QrRoutes {
  qrDrawer: Pick<QrDrawer, 'draw'>;
}

/** Routes of QR codes. */
export async function qrRoutes(app: HttpServer, { qrDrawer }: QrRoutes): Promise<void> {
  app.route({
    method: 'GET',
    url: '/qrcode/:data',
    config: {
      family: 'platform',
      access: 'signed-in',
      limit: 'qr',
      produces: ['image/png', 'image/svg+xml'],
      errors: ['too_large'],
    },
    schema: {
      tags: ['QR codes'],
      summary: 'Generate a QR code',
      params: z.object({ data: z.string().min(1, 'must not be empty') }),
      querystring: QrQuery,
    },
    async handler({ params, query }, reply) {
      const { contentType, image } = await qrDrawer.draw(params.data, query);
      return reply.type(contentType).header('cache-control', 'private, max-age=3600').send(image);
    },
  });
}
