import { Failure } from '@oriontel/contracts';
import { envelope, Enveloped, organizationToRead, type HttpServer } from '@oriontel/service';
import { z } from 'zod';
import { batchRoutes, type BatchRoutes } from './ingest/batch-routes.ts';
import { CallRecord } from './calls/call-record.ts';
import { exportRoute } from './calls/export/export-route.ts';
import { forwardRoutes } from './forward/forward-routes.ts';
import type { RegionOf } from './calls/leg-dependencies.ts';
import { presentCall } from './calls/present-call.ts';
import { quarantineRoutes, type QuarantineRoutes } from './quarantine/quarantine-routes.ts';
import { CallQuery, findCall, searchCalls } from './calls/search-calls.ts';
import { summaryRoute } from './calls/summary/summary-route.ts';
import { taskRoutes, type TaskRoutes } from './tasks/task-routes.ts';

export interface CdrRoutes extends BatchRoutes, QuarantineRoutes, TaskRoutes {
  regionOf: RegionOf;
}

/** All CDR routes: intake, search, export, summary, quarantine, munch tasks and forwarding. */
export async function cdrRoutes(app: HttpServer, { regionOf, ...routes }: CdrRoutes): Promise<void> {
  const { db } = routes;
  const search = searchCalls(db, regionOf);
  const find = findCall(db, regionOf);

  await app.register(batchRoutes, routes);
  await app.register(exportRoute, { db: db.$sql, regionOf });
  await app.register(summaryRoute, routes);
  await app.register(quarantineRoutes, routes);
  await app.register(taskRoutes, routes);
  await app.register(forwardRoutes, routes);

  app.route({
    method: 'GET',
    url: '/cdrs',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Search CDRs',
      querystring: CallQuery,
      response: { 200: Enveloped(z.array(CallRecord)) },
    },
    async handler({ query, principal }) {
      const { legs, nextCursor } = await search(organizationToRead(principal, query.org_id), query);
      return envelope(legs.map(presentCall), { next_cursor: nextCursor });
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrs/:id',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Get a CDR',
      params: z.object({ id: z.string() }),
      response: { 200: Enveloped(CallRecord) },
    },
    async handler({ params, principal }) {
      const id = z.guid().safeParse(params.id.toLowerCase());
      const leg = id.success ? await find(organizationToRead(principal), id.data) : null;
      if (!leg) throw new Failure('not_found', 'No such CDR.');
      return envelope(presentCall(leg));
    },
  });
}
