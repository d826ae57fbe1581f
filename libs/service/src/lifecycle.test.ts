import { expect, test } from 'vitest';
import { createShutdown } from './lifecycle.ts';
import { createLogger, type Logger } from './log.ts';

const log: Logger = createLogger('test', 'silent');

test('shutdown runs its steps one by one in reverse order', async () => {
  const shutdown = createShutdown(log);
  const events: string[] = [];
  for (const name of ['database', 'queues', 'server']) {
    shutdown.add(name, async () => {
      events.push(`${name} closing`);
      await Promise.resolve();
      events.push(`${name} closed`);
    });
  }
  await shutdown.run();
  expect(events).toEqual(
    ['server', 'queues', 'database'].flatMap((name) => [`${name} closing`, `${name} closed`]),
  );
});

test('shutdown continues after a failed step', async () => {
  const shutdown = createShutdown(log);
  let isClosed = false;
  shutdown.add('database', async () => (isClosed = true));
  shutdown.add('queues', () => Promise.reject(new Error('stuck')));
  await shutdown.run();
  expect(isClosed).toBe(true);
});
