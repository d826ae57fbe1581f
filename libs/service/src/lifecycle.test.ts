import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConfigError } from './config.ts';
import { createShutdown, runProcess, type Shutdown } from './lifecycle.ts';
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

describe('runProcess', () => {
  const EVENTS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect', 'uncaughtException', 'unhandledRejection'];
  let listeners: Map<string, unknown[]>;
  beforeEach(() => {
    listeners = new Map(EVENTS.map((event) => [event, process.listeners(event as 'SIGTERM')]));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    for (const [event, before] of listeners)
      for (const listener of process.listeners(event as 'SIGTERM'))
        if (!before.includes(listener)) process.removeListener(event, listener);
  });

  /** Runs `start` with process.exit replaced; `finished` resolves with the exit code. */
  function runTestProcess(start: (shutdown: Shutdown) => Promise<void>) {
    const lines: { msg: string; level: number }[] = [];
    const processLog = createLogger('test', 'debug', {
      write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]),
    });
    const finished = new Promise<unknown>((resolve) => {
      vi.spyOn(process, 'exit').mockImplementation(((code: number) => resolve(code)) as never);
    });
    void runProcess(processLog, start);
    return { finished, lines };
  }

  test('runs the shutdown steps after SIGTERM and exits with 0', async () => {
    let isClosed = false;
    const { finished, lines } = runTestProcess(async (shutdown) => {
      shutdown.add('database', async () => (isClosed = true));
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    process.emit('SIGTERM', 'SIGTERM');
    expect(await finished).toBe(0);
    expect(isClosed).toBe(true);
    expect(lines).toMatchObject([{ msg: 'stopping', reason: 'SIGTERM' }]);
  });

  test('stops when its supervisor disconnects', async () => {
    const { finished, lines } = runTestProcess(async () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    process.listeners('disconnect').at(-1)!();
    expect(await finished).toBe(0);
    expect(lines).toMatchObject([{ msg: 'stopping', reason: 'supervisor exited' }]);
  });

  test('stops within its grace period while the start hangs', async () => {
    let isClosed = false;
    const { finished } = runTestProcess((shutdown) => {
      shutdown.add('database', async () => (isClosed = true));
      return new Promise(() => undefined);
    });
    process.emit('SIGTERM', 'SIGTERM');
    expect(await finished).toBe(0);
    expect(isClosed).toBe(true);
  });

  test('runs the shutdown steps and exits with 1 if the start fails', async () => {
    let isClosed = false;
    const { finished, lines } = runTestProcess(async (shutdown) => {
      shutdown.add('database', async () => (isClosed = true));
      throw new Error('port in use');
    });
    expect(await finished).toBe(1);
    expect(isClosed).toBe(true);
    expect(lines).toMatchObject([{ msg: 'fatal error, exiting', err: { message: 'port in use' } }]);
  });

  test('logs a configuration error as one line without a stack', async () => {
    const { finished, lines } = runTestProcess(() => Promise.reject(new ConfigError('X: is not set')));
    expect(await finished).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ msg: 'X: is not set' });
    expect(lines[0]).not.toHaveProperty('err');
  });
});
