import { required } from '@oriontel/contracts';
import { z } from 'zod';

const PERCENT = 'must be a percentage from 0 to 100';
const percent = z.number(required(PERCENT)).min(0, PERCENT).max(100, PERCENT);

/** Percentages, of this host and of hosts that report their own. */
export const usage = {
  cpu_usage: percent,
  ram_usage: percent.meta({ description: 'Active memory, without buffers and caches' }),
  swap_usage: percent.meta({ description: '0 without swap' }),
};

const bytes = z.int().min(0);

const DiskUsage = z
  .strictObject({
    total: bytes,
    used: bytes,
    free: bytes.meta({ description: 'Available to unprivileged users' }),
    mount_point: z.string(),
  })
  .meta({ id: 'DiskUsage', description: 'Bytes' });

const HostMetrics = z.strictObject({ ...usage, disk_usage: DiskUsage }).meta({
  id: 'HostMetrics',
  examples: [
    {
      cpu_usage: 12.5,
      ram_usage: 40.1,
      swap_usage: 0,
      disk_usage: { total: 107374182400, used: 42949672960, free: 64424509440, mount_point: '/' },
    },
  ],
});
export type HostMetrics = z.output<typeof HostMetrics>;

/** A reading of the host of this process. */
export const HostReading = z
  .strictObject({
    metrics: HostMetrics,
    uptime: z.int().min(0).meta({ description: 'Seconds since the host started' }),
    load_average: z.array(z.number().min(0)).length(3).meta({ description: 'Over 1, 5 and 15 minutes' }),
    process_count: z.int().min(0).meta({ description: 'Processes visible to this process' }),
  })
  .meta({
    id: 'HostReading',
    examples: [
      {
        metrics: {
          cpu_usage: 12.5,
          ram_usage: 40.1,
          swap_usage: 0,
          disk_usage: { total: 107374182400, used: 42949672960, free: 64424509440, mount_point: '/' },
        },
        uptime: 86400,
        load_average: [0.2, 0.3, 0.25],
        process_count: 120,
      },
    ],
  });
export type HostReading = z.output<typeof HostReading>;
