import { Region } from '@oriontel/contracts';
import { IntakeConfig } from '@oriontel/intake';
import { readConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

export const WorkerConfig = IntakeConfig.extend({
  DEFAULT_REGION: Region.default('US').describe(
    'Region of national numbers for organizations without a region, ISO 3166-1 alpha-2.',
  ),
  SGAPI_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .optional()
    .describe('Remote Service Gateway that receives every stored batch. Not set: nothing is forwarded.'),
  SGAPI_SECRET: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('Signs the requests to SGAPI_URL; at least 16 characters.'),
  FORWARD_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(32)
    .default(4)
    .describe('Concurrent requests of one process to SGAPI_URL.'),
  MUNCH_REST_BUSY: z.coerce
    .number()
    .min(0)
    .max(1_000)
    .default(9)
    .describe('Seconds a munch task rests per second of work while CDRs come in.'),
  MUNCH_REST_IDLE: z.coerce
    .number()
    .min(0)
    .max(1_000)
    .default(0.25)
    .describe('Seconds a munch task rests per second of work while the intake is empty.'),
  RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).optional().meta({
    description: 'Days to keep CDRs and gateway results of organizations without `retention_days`.',
    defaultText: 'no limit',
  }),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;
export type SgapiConfig = Pick<WorkerConfig, 'SGAPI_URL' | 'SGAPI_SECRET' | 'FORWARD_CONCURRENCY'>;

const Signed = WorkerConfig.refine(({ SGAPI_URL, SGAPI_SECRET }) => !SGAPI_URL || SGAPI_SECRET, {
  path: ['SGAPI_SECRET'],
});

export function readWorkerConfig(env: Environment): WorkerConfig {
  return readConfig(Signed, env);
}
