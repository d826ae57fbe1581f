import { expect, test } from 'vitest';
import { runChecks } from './admin-server.ts';
import { createLogger } from './log.ts';

const log = createLogger('test', 'silent');

test('ready is when every check says so', async () => {
  const readiness = await runChecks({ database: async () => 1, queue: async () => undefined }, log);
  expect(readiness).toEqual({ ready: true, checks: { database: 'ok', queue: 'ok' } });
});

test('a check that fails is named, and the others still answer', async () => {
  const readiness = await runChecks(
    { database: () => Promise.reject(new Error('x')), queue: async () => 1 },
    log,
  );
  expect(readiness).toEqual({ ready: false, checks: { database: 'failed', queue: 'ok' } });
});

test('a check that throws before it promises anything is a failed one', async () => {
  function throwing(): never {
    throw new Error('x');
  }
  expect(await runChecks({ database: throwing }, log)).toEqual({
    ready: false,
    checks: { database: 'failed' },
  });
});

test('a check that never answers is a failed one after two seconds', async () => {
  const begun = performance.now();
  const readiness = await runChecks({ database: () => new Promise(() => undefined) }, log);
  expect(readiness.ready).toBe(false);
  expect(performance.now() - begun).toBeLessThan(4_000);
});
