import { ServiceConfig } from '@oriontel/service';
import { z } from 'zod';
import { SWEEP_GRACE_SECONDS } from './create-intake.ts';

/** Settings of every process that consumes queues. */
export const IntakeConfig = ServiceConfig.extend({
  CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Concurrent transactions per queue and process.'),
  SWEEP_GRACE: z.coerce
    .number()
    .min(0.1)
    .max(3_600)
    .default(SWEEP_GRACE_SECONDS)
    .describe('Seconds until an accepted record whose queue job was lost is dispatched again.'),
});
export type IntakeConfig = z.output<typeof IntakeConfig>;
