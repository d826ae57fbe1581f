import { Readable } from 'node:stream';
import { compactStamp, Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { organizationToRead, type HttpServer } from '@oriontel/service';
import { exportCalls, ExportQuery, EXPORT_FORMATS } from './export-calls.ts';
import { createExportSlots } from './create-export-slots.ts';

export interface ExportRoute {
  db: Queryable;
  regionOf: (orgId: number) => Promise<string | null>;
}

/** Milliseconds an export may take: whoever reads so slowly keeps others from theirs. */
const EXPORT_TIMEOUT_MS = 3_600_000;

/** All CDRs that a filter finds, as a file. */
export async function exportRoute(app: HttpServer, { db, regionOf }: ExportRoute): Promise<void> {
  const open = exportCalls(db, regionOf);
  const takeSlot = createExportSlots({ maxTotal: 4, maxPerOrg: 2 });

  app.route({
    method: 'GET',
    url: '/cdrs/export',
    handlerTimeout: EXPORT_TIMEOUT_MS,
    config: {
      family: 'oriontel',
      access: 'signed-in',
      limit: 'cdr',
      produces: ['text/csv', 'application/x-ndjson'],
    },
    schema: { tags: ['CDRs'], summary: 'Export CDRs as a file', querystring: ExportQuery },
    async handler({ method, query, principal }, reply) {
      // Fastify would answer it by reading the whole file.
      if (method === 'HEAD') throw new Failure('method_not_allowed', 'Use GET.', { allow: ['GET'] });
      const orgId = organizationToRead(principal, query.org_id);
      const leave = takeSlot(orgId);
      const text = await open(orgId, query).catch((error: unknown) => {
        leave();
        throw error;
      });
      // Where it fails on its way the connection is cut: a file that ends too early must not look whole.
      const file = Readable.from(text).once('close', leave);
      const name = `cdrs-${compactStamp(new Date())}.${query.format}`;
      return reply
        .type(EXPORT_FORMATS[query.format].contentType)
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(file);
    },
  });
}
