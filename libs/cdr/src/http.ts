import { Failure } from '@oriontel/contracts';
import { envelope, Enveloped, organisationToRead, type HttpServer } from '@oriontel/service';
import { z } from 'zod';
import { batchRoutes, type BatchRoutes } from './batch-routes.ts';
import { CallRecord } from './call-record.ts';
import { listQuarantine, QuarantinedCdr, QuarantineQuery } from './list-quarantine.ts';
import { presentCall } from './present-call.ts';
import { CallQuery, findCall, searchCalls } from './search-calls.ts';

export interface CdrRoutes extends BatchRoutes {
  regionOf: (orgId: number) => Promise<string | null>;
}

/** CDR intake and what can be read of it. */
export const cdrRoutes = async (app: HttpServer, { regionOf, ...routes }: CdrRoutes): Promise<void> => {
  const { db } = routes;
  const search = searchCalls(db, regionOf);
  const find = findCall(db, regionOf);
  const quarantined = listQuarantine(db);

  await app.register(batchRoutes, routes);

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
    handler: async ({ query, principal }) => {
      const { legs, nextCursor } = await search(organisationToRead(principal, query.org_id), query);
      return envelope(legs.map(presentCall), { next_cursor: nextCursor });
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrs/quarantine',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'List quarantined CDRs',
      querystring: QuarantineQuery,
      response: { 200: Enveloped(z.array(QuarantinedCdr)) },
    },
    handler: async ({ query, principal }) => {
      const { items, nextCursor } = await quarantined(organisationToRead(principal, query.org_id), query);
      return envelope(items, { next_cursor: nextCursor });
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrs/:id',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Read a CDR',
      params: z.object({ id: z.string() }),
      response: { 200: Enveloped(CallRecord) },
    },
    handler: async ({ params, principal }) => {
      const id = z.guid().safeParse(params.id.toLowerCase());
      const leg = id.success ? await find(organisationToRead(principal), id.data) : null;
      if (!leg) throw new Failure('not_found', 'No such CDR.');
      return envelope(presentCall(leg));
    },
  });
};
