import { randomUUID } from 'node:crypto';

export { freeswitchSamples, type FreeswitchSample } from './fixtures/freeswitch-samples.ts';
export { startTestReceiver, type TestReceiver } from './forward/fixtures/receiver.ts';
export { publicSamples } from './fixtures/public-samples.ts';

/** A valid record of a platform batch, as the platform API documents it, with a call_id of its own. */
export function buildRecord(overrides: Record<string, unknown> = {}) {
  return {
    call_id: randomUUID(),
    caller: '+14155551234',
    callee: '+14155555678',
    start_time: '2024-01-15T10:30:00Z',
    end_time: '2024-01-15T10:35:42Z',
    duration: 342,
    disposition: 'ANSWERED',
    trunk_id: 'trunk_001',
    ...overrides,
  };
}

/** A valid platform batch of `size` different records. */
export function buildBatch(size: number, overrides: Record<string, unknown> = {}) {
  return {
    records: Array.from({ length: size }, () => buildRecord()),
    source: 'freeswitch-node-01',
    timestamp: '2024-01-15T10:36:00Z',
    ...overrides,
  };
}
