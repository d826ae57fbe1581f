import type { Queryable } from '@oriontel/database';
import { EnvelopedWithPage, envelopeWithPage, organizationToRead, type HttpServer } from '@oriontel/service';
import { CallSummary, summarizeCalls, SummaryQuery } from './summarize-calls.ts';

/** Summary of CDRs: calls, minutes, ASR and ACD. */
export async function summaryRoute(app: HttpServer, { db }: { db: Queryable }): Promise<void> {
  const summarize = summarizeCalls(db);

  app.route({
    method: 'GET',
    url: '/cdrs/summary',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Summarize CDRs',
      querystring: SummaryQuery,
      response: { 200: EnvelopedWithPage(CallSummary) },
    },
    async handler({ query, principal }) {
      const { summary, groupCount } = await summarize(organizationToRead(principal, query.org_id), query);
      return envelopeWithPage(summary, query, groupCount);
    },
  });
}
