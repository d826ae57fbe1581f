import accepts from 'accepts';
import type { HttpServer } from '../http/http-server.ts';
import type { OpenApi } from './openapi.ts';
import { renderReference } from './render-reference.ts';

/** Serves the API reference as an HTML page or as OpenAPI JSON, chosen by `Accept`; `/` redirects to it. */
export async function documentationRoutes(app: HttpServer, { read }: { read: () => OpenApi }): Promise<void> {
  let page: string | undefined;
  const config = { family: 'oriontel', access: 'anyone' } as const;

  app.route({
    method: 'GET',
    url: '/documentation',
    config: { ...config, produces: ['application/json', 'text/html'] },
    schema: { tags: ['Documentation'], summary: 'Get the API reference' },
    async handler(request, reply) {
      // JSON is first, so it wins ties: browsers accept HTML explicitly, curl accepts anything.
      const wantsPage = accepts(request.raw).type(['application/json', 'text/html']) === 'text/html';
      void reply.header('vary', 'Accept');
      if (!wantsPage) return reply.type('application/json; charset=utf-8').send(read());
      page ??= renderReference(read());
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
        .send(page);
    },
  });

  app.route({
    method: 'GET',
    url: '/',
    config,
    schema: { hide: true },
    handler: async (_request, reply) => reply.redirect('/documentation', 302),
  });
}
