import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { QueueStore } from './backend.ts';

export interface TestQueueStore {
  kind: QueueStore['kind'];
  /** The store for a test database with this URL. */
  storeFor: (databaseUrl: string) => QueueStore;
}

/** Every available queue store: PostgreSQL, and Redis if installed, with a key prefix of its own per call. */
export function testQueueStores(): TestQueueStore[] {
  const stores: TestQueueStore[] = [{ kind: 'postgres', storeFor: (url) => ({ kind: 'postgres', url }) }];
  const redisUrl = inject('redisUrl');
  if (redisUrl) {
    const prefix = `{test-${randomBytes(6).toString('hex')}}`;
    stores.push({ kind: 'redis', storeFor: () => ({ kind: 'redis', url: redisUrl, prefix }) });
  }
  return stores;
}
