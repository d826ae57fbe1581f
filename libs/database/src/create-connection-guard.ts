import { setTimeout as sleep } from 'node:timers/promises';
import { withTimeout } from '@oriontel/contracts';
import pg, { type ClientConfig } from 'pg';

/** A statement that has run for so long is checked, again and again until it has ended. */
const CHECK_INTERVAL_MS = 1_000;
/** For connecting and asking; a server that takes longer counts as hung. */
const CHECK_TIMEOUT_MS = 2_500;

/** For a result that the server sent before it answered the check. */
const RESULT_GRACE_MS = 250;

/** A timeout that fires so late was caused by this process: its event loop was blocked. */
const MAX_TIMER_DELAY_MS = 500;

/** `isUnavailable` knows how it begins. */
const LOST_MESSAGE = 'Connection terminated: the server has stopped to respond';

/**
 * Creates the client class of a pool. When a statement takes long, a new connection asks the server whether
 * it still runs. If it does not, or if the server does not respond, the connection is half-open or the server
 * hangs: it is closed with all connections of the pool that have no statement running, because they are
 * probably lost too. Waiting statements are rejected; the pool replaces connections when it needs them.
 */
export function createConnectionGuard(config: ClientConfig): new () => pg.Client {
  const clients = new Set<GuardedClient>();
  let isChecking = false;

  class GuardedClient extends pg.Client {
    /** When the server began with the current statement, at the latest, by `performance.now()`; else null. */
    waitingSince: number | null = null;

    constructor(clientConfig?: ClientConfig) {
      super(clientConfig);
      clients.add(this);
      this.once('end', () => clients.delete(this));
      // The server has ended a statement; the next one, if it is in the queue, begins.
      this.connection.on('readyForQuery', () => (this.waitingSince &&= performance.now()));
      // Emitted when no statement is left.
      this.on('drain', () => (this.waitingSince = null));
    }

    override query: pg.Client['query'] = (...args: unknown[]) => {
      this.waitingSince ??= performance.now();
      if (!isChecking) void checkUntilIdle();
      return (super.query as (...all: unknown[]) => never)(...args);
    };

    get isSlow(): boolean {
      return this.waitingSince !== null && performance.now() - this.waitingSince >= CHECK_INTERVAL_MS;
    }

    /** Of the server; `pg` does not declare it. */
    get backendPid(): number {
      return (this as unknown as { processID: number }).processID;
    }

    close(): void {
      this.connection.stream.destroy(new Error(LOST_MESSAGE));
    }
  }

  async function checkUntilIdle(): Promise<void> {
    isChecking = true;
    while ([...clients].some(({ waitingSince }) => waitingSince !== null)) {
      await sleep(CHECK_INTERVAL_MS, undefined, { ref: false });
      await closeLost();
    }
    isChecking = false;
  }

  async function closeLost(): Promise<void> {
    const slow = [...clients].filter(({ isSlow }) => isSlow);
    if (!slow.length) return;
    const checked = new Map(slow.map((client) => [client, client.waitingSince]));
    const running = await findRunning(
      config,
      slow.map(({ backendPid }) => backendPid),
    );
    await sleep(RESULT_GRACE_MS, undefined, { ref: false });
    const isLost = (client: GuardedClient) =>
      !running.has(client.backendPid) &&
      client.waitingSince !== null &&
      client.waitingSince === checked.get(client);
    if (!slow.some(isLost)) return;
    for (const client of clients) {
      if (isLost(client) || client.waitingSince === null) client.close();
    }
  }

  return GuardedClient;
}

/**
 * Those of these backends that run a statement; none if the server does not respond, all if that is not
 * known.
 */
async function findRunning(config: ClientConfig, pids: number[]): Promise<Set<number>> {
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  const started = performance.now();
  try {
    return await withTimeout(CHECK_TIMEOUT_MS, 'check of statements', readRunning(client, pids));
  } catch (error) {
    // A server at its maximum of connections responds with an error.
    const isUnknown =
      isServerError(error) || performance.now() - started > CHECK_TIMEOUT_MS + MAX_TIMER_DELAY_MS;
    return new Set(isUnknown ? pids : []);
  } finally {
    client.connection.stream.destroy();
  }
}

async function readRunning(client: pg.Client, pids: number[]): Promise<Set<number>> {
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid
     FROM pg_stat_activity
     WHERE pid = ANY($1::int[])
       AND state NOT LIKE 'idle%'`,
    [pids],
  );
  return new Set(rows.map(({ pid }) => pid));
}

/** Errors of the server have a severity (PostgreSQL manual, "Error and Notice Message Fields"). */
function isServerError(error: unknown): boolean {
  return typeof (error as { severity?: unknown }).severity === 'string';
}
