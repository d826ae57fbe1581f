import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { QueueStore } from './backend.ts';

/** Both places a queue may lie in, as far as they are here; each call has a corner of Redis of its own. */
export function testQueueStores(): {
  kind: QueueStore['kind'];
  open: (databaseUrl: string) => QueueStore;
}[] {
  const redisUrl = inject('redisUrl');
  const prefix = `{test-${randomBytes(6).toString('hex')}}`;
  return [
    { kind: 'postgres', open: (url) => ({ kind: 'postgres', url }) },
    ...(redisUrl
      ? [{ kind: 'redis' as const, open: (): QueueStore => ({ kind: 'redis', url: redisUrl, prefix }) }]
      : []),
  ];
}
