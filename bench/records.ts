import { buildBatch } from '@oriontel/cdr/testing';

const WEEK_SECONDS = 7 * 86_400;

/** JSON bodies of `count` new batches of `size` records, with start times spread over the last week. */
export function createBatchBodies(count: number, size: number): string[] {
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, () => {
    const batch = buildBatch(size);
    for (const record of batch.records) {
      const start = now - Math.floor(Math.random() * WEEK_SECONDS);
      record.start_time = new Date(start * 1000).toISOString();
      record.end_time = new Date((start + record.duration) * 1000).toISOString();
    }
    return JSON.stringify(batch);
  });
}
