import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  envelopePage,
  organizationToRead,
  type HttpServer,
  type OrganizationExists,
} from '@oriontel/service';
import { HostReading } from './host-reading.ts';
import { HostSample, HostSampleQuery, NewHostSample, presentSample } from './host-sample.ts';
import { listSamples } from './list-samples.ts';
import type { HostSampler } from './start-host-sampler.ts';
import { storeSample } from './store-sample.ts';

export interface SystemRoutes {
  db: Database;
  host: Pick<HostSampler, 'latest'>;
  organizationExists: OrganizationExists;
}

/** Routes for the readings of this host and the samples that hosts report. */
export async function systemRoutes(
  app: HttpServer,
  { db, host, organizationExists }: SystemRoutes,
): Promise<void> {
  const store = storeSample(db, organizationExists);
  const list = listSamples(db);

  app.route({
    method: 'GET',
    url: '/metrics',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: {
      tags: ['System'],
      summary: 'Get host metrics',
      response: { 200: Enveloped(HostReading.shape.metrics) },
    },
    handler: async () => envelope((await host.latest()).metrics),
  });

  app.route({
    method: 'GET',
    url: '/status',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: { tags: ['System'], summary: 'Get host status', response: { 200: Enveloped(HostReading) } },
    handler: async () => envelope(await host.latest()),
  });

  app.route({
    method: 'POST',
    url: '/metrics',
    config: {
      family: 'oriontel',
      access: { roles: ['admin', 'manager'], scope: 'metrics:write' },
      errors: ['not_found'],
    },
    schema: {
      tags: ['System'],
      summary: 'Store host metrics',
      body: NewHostSample,
      response: { 201: Enveloped(HostSample) },
    },
    async handler({ principal, body }, reply) {
      return reply.code(201).send(envelope(presentSample(await store(principal, body))));
    },
  });

  app.route({
    method: 'GET',
    url: '/metrics/history',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: {
      tags: ['System'],
      summary: 'List stored host metrics',
      querystring: HostSampleQuery,
      response: { 200: EnvelopedPage(HostSample) },
    },
    async handler({ principal, query }) {
      return envelopePage(
        await list(organizationToRead(principal, query.org_id), query),
        query,
        presentSample,
      );
    },
  });
}
