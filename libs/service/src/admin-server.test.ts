import { expect, test } from 'vitest';
import { runChecks } from './admin-server.ts';
import { createLogger } from './log.ts';

const log = createLogger('test', 'silent');

test('runChecks reports ready if every check passes', async () => {
  const readiness = await runChecks({ database: async () => 1, queue: async () => undefined }, log);
  expect(readiness).toEqual({ ready: true, checks: { database: 'ok', queue: 'ok' } });
});

test('runChecks names a failed check and still runs the others', async () => {
  const readiness = await runChecks(
    { database: () => Promise.reject(new Error('x')), queue: async () => 1 },
    log,
  );
  expect(readiness).toEqual({ ready: false, checks: { database: 'failed', queue: 'ok' } });
});

test('runChecks counts a check that throws synchronously as failed', async () => {
  function throwing(): never {
    throw new Error('x');
  }
  expect(await runChecks({ database: throwing }, log)).toEqual({
    ready: false,
    checks: { database: 'failed' },
  });
});

test('runChecks counts a check that never settles as failed after two seconds', async () => {
  const startedAt = performance.now();
  const readiness = await runChecks({ database: () => new Promise(() => undefined) }, log);
  expect(readiness.ready).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});
