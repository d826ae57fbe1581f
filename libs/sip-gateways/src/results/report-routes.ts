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
  org_id: IdText.optional().meta({ description: 'For admins: whose gateway it is' }),
});

const config = {
  family: 'platform',
  access: writers,
  limit: 'gateways',
  errors: ['not_found'],
  // Its example is lost where it may be absent.
  documentedBody: GatewayReport,
} as const;

/** What others found when they asked a gateway. */
export async function reportRoutes(app: HttpServer, { db, intake }: ReportRoutes): Promise<void> {
  const find = findGateway(db);
  const accept = acceptResult(intake);
  allowEmptyBody(app);

  /** The road of all reports: accepted once it is committed. */
  async function record(
    { principal, id: requestId }: Pick<FastifyRequest, 'principal' | 'id'>,
    path: z.output<typeof ReportPath> & { param2?: string },
    orgId: number | undefined,
    report: GatewayReport | null | undefined,
  ): Promise<RecordedReport> {
    const gateway = await find({ principal, idOrName: path.entity, byName: true, orgId });
    // The time is read as it is accepted: of two at once, neither is older than the one before it.
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

/** The path says all that must be said: a body that is empty is none, whatever its Content-Type. */
function allowEmptyBody(app: HttpServer): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parse(request, body as string, done),
  );
}
