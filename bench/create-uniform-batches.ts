import { buildBatch } from '@oriontel/cdr/testing';
import type { Body } from './send-bodies.ts';

const WEEK_SECONDS = 7 * 86_400;

/** `count` new batches of `size` records for /cdr/bench, with start times spread over the last week. */
export function createUniformBatches(count: number, size: number): Body[] {
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, () => {
    const batch = buildBatch(size);
    for (const record of batch.records) {
      const start = now - Math.floor(Math.random() * WEEK_SECONDS);
      record.start_time = new Date(start * 1000).toISOString();
      record.end_time = new Date((start + record.duration) * 1000).toISOString();
    }
    return { method: 'POST', path: '/cdr/bench', body: JSON.stringify(batch), records: size };
  });
}
