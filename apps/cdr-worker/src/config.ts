import { GRACE } from '@oriontel/intake';
import { readConfig, ServiceConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

export const WorkerConfig = ServiceConfig.extend({
  /** Transactions at once in one process. */
  CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  /** ISO 3166 alpha-2: how national numbers are read where an organisation has no region of its own. */
  DEFAULT_REGION: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two capitals, like US')
    .default('US'),
  /** Seconds an accepted row may stay before it is dispatched again. */
  SWEEP_GRACE: z.coerce.number().min(0.1).max(3_600).default(GRACE),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;

export const readWorkerConfig = (env: Environment): WorkerConfig => readConfig(WorkerConfig, env);
