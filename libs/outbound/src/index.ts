export { circuit, type Circuit, type CircuitFailure } from './circuit.repository.ts';
export { classifyConnectionError, type ConnectionError } from './classify-connection-error.ts';
export {
  createPostClient,
  type PostClient,
  type PostClientOptions,
  type PostMessage,
  type PostResponse,
} from './create-post-client.ts';
export { isPublicAddress } from './public-address.ts';
export type { Resolve } from './public-host.ts';
export { retryDelaySeconds, type RetrySchedule } from './retry-schedule.ts';
