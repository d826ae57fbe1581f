import { buildBatch } from '@oriontel/cdr/testing';

/** Bodies of new batches, spread over the last week as real calls are: `count` of `size` records each. */
export function createBatchBodies(count: number, size: number): string[] {
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, () => {
    const batch = buildBatch(size);
    for (const record of batch.records) {
      const start = now - Math.floor(Math.random() * 7 * 86_400);
      record.start_time = new Date(start * 1000).toISOString();
      record.end_time = new Date((start + record.duration) * 1000).toISOString();
    }
    return JSON.stringify(batch);
  });
}
