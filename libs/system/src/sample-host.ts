import { hostname } from 'node:os';
import { DEFAULT_ORG_ID } from '@oriontel/contracts';
import type { ModelQueryable } from '@oriontel/database';
import { hostSamples } from './host-sample.repository.ts';
import { readHost } from './read-host.ts';

/** Stores a sample of this host for the default organization, that of the operator. Returns the host name. */
export async function sampleHost(db: ModelQueryable): Promise<string> {
  const { metrics } = await readHost();
  const host = hostname();
  await hostSamples(db).insert(DEFAULT_ORG_ID, {
    host,
    cpuUsage: metrics.cpu_usage,
    ramUsage: metrics.ram_usage,
    swapUsage: metrics.swap_usage,
    diskUsage: metrics.disk_usage,
    sampledAt: new Date(),
  });
  return host;
}
