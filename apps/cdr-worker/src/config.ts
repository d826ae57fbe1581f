import { Region } from '@oriontel/contracts';
import { IntakeConfig } from '@oriontel/intake';
import { readConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

export const WorkerConfig = IntakeConfig.extend({
  /** How national numbers are read where an organization has no region of its own. */
  DEFAULT_REGION: Region.default('US'),
  /** A remote Service Gateway that every stored batch is sent to; absent: the built-in store is it. */
  SGAPI_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
  /** Signs what is sent there. */
  SGAPI_SECRET: z.string().min(16, 'must have at least 16 characters').optional(),
  /** Requests at once to the remote Service Gateway, of one process. */
  FORWARD_CONCURRENCY: z.coerce.number().int().min(1).max(32).default(4),
  /** Milliseconds a munch task rests for each millisecond of work, while calls come in and while none do. */
  MUNCH_REST_BUSY: z.coerce.number().min(0).max(1_000).default(9),
  MUNCH_REST_IDLE: z.coerce.number().min(0).max(1_000).default(0.25),
  /** Days CDRs and results of gateways are kept where their organization does not say; absent: for ever. */
  RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;
export type SgapiConfig = Pick<WorkerConfig, 'SGAPI_URL' | 'SGAPI_SECRET' | 'FORWARD_CONCURRENCY'>;

const Signed = WorkerConfig.refine(({ SGAPI_URL, SGAPI_SECRET }) => !SGAPI_URL || SGAPI_SECRET, {
  path: ['SGAPI_SECRET'],
});

export function readWorkerConfig(env: Environment): WorkerConfig {
  return readConfig(Signed, env);
}
