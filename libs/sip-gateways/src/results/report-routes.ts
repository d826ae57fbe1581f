import { IdText } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Intake } from '@oriontel/intake';
import type { Access, HttpServer } from '@oriontel/service';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { findGateway } from '../gateways/find-gateway.ts';
import { acceptResult } from './accept-result.ts';
import { GatewayReport, readReport, RecordedReport, ReportPath, TimedReportPath } from './gateway-report.ts';
import type { GatewayResult } from './gateway-result.ts';
import { presentRecorded } from './present-status.ts';

export interface ReportRoutes {
  db: Database;
  intake: Pick<Intake<GatewayResult>, 'accept'>;
}

const writers: Access = { roles: ['admin', 'manager'], scope: 'gateways:write' };

const OrgQuery = z.object({
  org_id: IdText.optional().meta({ description: 'For admins: the organization of the gateway' }),
});

const config = {
  family: 'platform',
  access: writers,
  limit: 'gateways',
  errors: ['not_found'],
  // An optional body loses its example in the API document.
  documentedBody: GatewayReport,
} as const;

/** Routes that accept the reports of external monitors. */
export async function reportRoutes(app: HttpServer, { db, intake }: ReportRoutes): Promise<void> {
  const find = findGateway(db);
  const accept = acceptResult(intake);
  allowEmptyBody(app);

  async function record(
    { principal, id: requestId }: Pick<FastifyRequest, 'principal' | 'id'>,
    path: z.output<typeof ReportPath> & { param2?: string },
    orgId: number | undefined,
    report: GatewayReport | null | undefined,
  ): Promise<RecordedReport> {
    const gateway = await find({ principal, idOrName: path.entity, byName: true, orgId });
    // Read after the lookup, right before the commit: times follow the order of acceptance.
    return presentRecorded(await accept(gateway, readReport(path, report, new Date()), requestId));
  }

  app.route({
    method: 'POST',
    url: '/sipgwping/:entity/:param1/:param2',
    config: { ...config, errors: [...config.errors] },
    schema: {
      tags: ['Gateways'],
      summary: 'Update SIP gateway ping status',
      params: TimedReportPath,
      querystring: OrgQuery,
      body: GatewayReport.nullish(),
      response: { 200: RecordedReport },
    },
    handler: (request) => record(request, request.params, request.query.org_id, request.body),
  });

  app.route({
    method: 'POST',
    url: '/sipgwping/:entity/:param1',
    config: { ...config, errors: [...config.errors] },
    schema: {
      tags: ['Gateways'],
      summary: 'Update SIP gateway ping status without latency',
      params: ReportPath,
      querystring: OrgQuery,
      body: GatewayReport.nullish(),
      response: { 200: RecordedReport },
    },
    handler: (request) => record(request, request.params, request.query.org_id, request.body),
  });
}

/** Accepts an empty body with a JSON Content-Type as no body: the path has all required values. */
function allowEmptyBody(app: HttpServer): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parse(request, body as string, done),
  );
}
