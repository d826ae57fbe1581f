import { ServiceConfig } from '@oriontel/service';
import { z } from 'zod';
import { SWEEP_GRACE_SECONDS } from './create-intake.ts';

/** What every process reads that consumes queues. */
export const IntakeConfig = ServiceConfig.extend({
  /** Transactions at once in one process, for each queue. */
  CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  /** Seconds an accepted row may stay before it is dispatched again. */
  SWEEP_GRACE: z.coerce.number().min(0.1).max(3_600).default(SWEEP_GRACE_SECONDS),
});
export type IntakeConfig = z.output<typeof IntakeConfig>;
