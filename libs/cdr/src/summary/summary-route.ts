import type { Queryable } from '@oriontel/database';
import { EnvelopedWithPage, envelopeWithPage, organisationToRead, type HttpServer } from '@oriontel/service';
import { CallSummary, summariseCalls, SummaryQuery } from './summarise-calls.ts';

/** Calls, minutes, ASR and ACD. */
export const summaryRoute = async (app: HttpServer, { db }: { db: Queryable }): Promise<void> => {
  const summarise = summariseCalls(db);

  app.route({
    method: 'GET',
    url: '/cdrs/summary',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Summarise CDRs',
      querystring: SummaryQuery,
      response: { 200: EnvelopedWithPage(CallSummary) },
    },
    handler: async ({ query, principal }) => {
      const { summary, groupCount } = await summarise(organisationToRead(principal, query.org_id), query);
      return envelopeWithPage(summary, query, groupCount);
    },
  });
};
