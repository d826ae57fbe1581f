import { expect, test } from 'vitest';
import { createShutdown } from './lifecycle.ts';
import { createLogger, type Logger } from './log.ts';

const log: Logger = createLogger('test', 'silent');

test('what was opened last is closed first, one after the other', async () => {
  const closing = createShutdown(log);
  const said: string[] = [];
  for (const name of ['database', 'queues', 'server']) {
    closing.add(name, async () => {
      said.push(`${name} closing`);
      await Promise.resolve();
      said.push(`${name} closed`);
    });
  }
  await closing.run();
  expect(said).toEqual(
    ['server', 'queues', 'database'].flatMap((name) => [`${name} closing`, `${name} closed`]),
  );
});

test('a step that fails does not keep the next from closing', async () => {
  const closing = createShutdown(log);
  let closed = false;
  closing.add('database', async () => (closed = true));
  closing.add('queues', () => Promise.reject(new Error('stuck')));
  await closing.run();
  expect(closed).toBe(true);
});
