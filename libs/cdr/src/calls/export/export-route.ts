import { Readable } from 'node:stream';
import { compactStamp, Failure } from '@oriontel/contracts';
import type { PlainSql } from '@oriontel/database';
import { organizationToRead, type HttpServer } from '@oriontel/service';
import type { RegionOf } from '../leg-dependencies.ts';
import { exportCalls, ExportQuery, EXPORT_FORMATS } from './export-calls.ts';
import { createExportSlots } from './create-export-slots.ts';

export interface ExportRoute {
  db: PlainSql;
  regionOf: RegionOf;
}

/** Frees the slot of a client that reads too slowly. */
const EXPORT_TIMEOUT_MS = 3_600_000;

/** Export of all CDRs that match a filter. */
export async function exportRoute(app: HttpServer, { db, regionOf }: ExportRoute): Promise<void> {
  const startExport = exportCalls(db, regionOf);
  const acquireSlot = createExportSlots({ maxTotal: 4, maxPerOrg: 2 });

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
      const text = await startExport(orgId, query).catch((error: unknown) => {
        releaseSlot();
        throw error;
      });
      // A failure later cuts the connection: a truncated file must not look complete.
      const file = Readable.from(text).once('close', releaseSlot);
      const name = `cdrs-${compactStamp(new Date())}.${query.format}`;
      return reply
        .type(EXPORT_FORMATS[query.format].contentType)
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(file);
    },
  });
}
