import { compactStamp, Failure } from '@oriontel/contracts';
import type { PlainSql } from '@oriontel/database';
import { createDownloadSlots, organizationToRead, sendDownload, type HttpServer } from '@oriontel/service';
import type { RegionOf } from '../leg-dependencies.ts';
import { exportCalls, ExportQuery, EXPORT_FORMATS } from './export-calls.ts';

export interface ExportRoute {
  db: PlainSql;
  regionOf: RegionOf;
}

/** Frees the slot of a client that reads slowly, but does read. */
const EXPORT_TIMEOUT_MS = 3_600_000;

/** Export of all CDRs that match a filter. */
export async function exportRoute(app: HttpServer, { db, regionOf }: ExportRoute): Promise<void> {
  const startExport = exportCalls(db, regionOf);
  const acquireSlot = createDownloadSlots({ maxTotal: 8, maxPerOrg: 2 });

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
      // Fastify would handle HEAD by reading the whole file.
      if (method === 'HEAD') throw new Failure('method_not_allowed', 'Use GET.', { allow: ['GET'] });
      const orgId = organizationToRead(principal, query.org_id);
      const releaseSlot = acquireSlot(orgId);
      const parts = await startExport(orgId, query).catch((error: unknown) => {
        releaseSlot();
        throw error;
      });
      const name = `cdrs-${compactStamp(new Date())}.${query.format}`;
      void reply
        .type(EXPORT_FORMATS[query.format].contentType)
        .header('content-disposition', `attachment; filename="${name}"`);
      return sendDownload(reply, { parts, onEnd: releaseSlot });
    },
  });
}
