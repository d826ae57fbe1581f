import { EntityName, Id, isoTime, JsonObject, pageQuery, time } from '@oriontel/contracts';
import { z } from 'zod';
import { usage } from './host-reading.ts';

/** The clock of a reporting host may be ahead by this much. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

const isPast = (value: string): boolean => new Date(value).getTime() <= Date.now() + MAX_CLOCK_SKEW_MS;

/** A sample that a host reports. */
export const NewHostSample = z
  .strictObject({
    ...usage,
    disk_usage: JsonObject,
    host: EntityName.optional().meta({
      description: 'Default: the name of the API key if it is a valid host name, else "unknown"',
    }),
    sampled_at: time
      .refine(isPast, 'must not be more than 5 minutes in the future')
      .optional()
      .meta({ description: 'Default: now' }),
    org_id: Id.optional(),
  })
  .meta({
    id: 'NewHostSample',
    examples: [
      {
        cpu_usage: 12.5,
        ram_usage: 40.1,
        swap_usage: 0,
        disk_usage: { total: 107374182400, used: 42949672960, free: 64424509440, mount_point: '/' },
        host: 'pbx-01',
      },
    ],
  });
export type NewHostSample = z.output<typeof NewHostSample>;

export const HostSample = z
  .strictObject({
    id: z.uuid(),
    org_id: z.int(),
    host: z.string(),
    ...usage,
    disk_usage: z.record(z.string(), z.unknown()),
    sampled_at: z.iso.datetime(),
  })
  .meta({
    id: 'HostSample',
    examples: [
      {
        id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
        org_id: 12345,
        host: 'pbx-01',
        cpu_usage: 12.5,
        ram_usage: 40.1,
        swap_usage: 0,
        disk_usage: { total: 107374182400, used: 42949672960, free: 64424509440, mount_point: '/' },
        sampled_at: '2024-01-15T10:30:00Z',
      },
    ],
  });
export type HostSample = z.output<typeof HostSample>;

export const HostSampleQuery = z.strictObject({
  ...pageQuery,
  host: EntityName.optional(),
  from: time.optional().meta({ description: 'Earliest time, inclusive' }),
  to: time.optional().meta({ description: 'Latest time, inclusive' }),
});
export type HostSampleQuery = z.output<typeof HostSampleQuery>;

export interface StoredSample {
  id: string;
  orgId: number;
  host: string;
  cpuUsage: number;
  ramUsage: number;
  swapUsage: number;
  diskUsage: JsonObject;
  sampledAt: Date;
}

export function presentSample(sample: StoredSample): HostSample {
  return {
    id: sample.id,
    org_id: sample.orgId,
    host: sample.host,
    cpu_usage: sample.cpuUsage,
    ram_usage: sample.ramUsage,
    swap_usage: sample.swapUsage,
    disk_usage: sample.diskUsage,
    sampled_at: isoTime(sample.sampledAt),
  };
}
