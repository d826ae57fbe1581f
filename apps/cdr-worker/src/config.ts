import { Region } from '@oriontel/contracts';
import { GRACE } from '@oriontel/intake';
import { readConfig, ServiceConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

export const WorkerConfig = ServiceConfig.extend({
  /** Transactions at once in one process. */
  CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  /** How national numbers are read where an organisation has no region of its own. */
  DEFAULT_REGION: Region.default('US'),
  /** Seconds an accepted row may stay before it is dispatched again. */
  SWEEP_GRACE: z.coerce.number().min(0.1).max(3_600).default(GRACE),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;

export const readWorkerConfig = (env: Environment): WorkerConfig => readConfig(WorkerConfig, env);
