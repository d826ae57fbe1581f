import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyState } from '@oriontel/database/testing';
import type { Random } from '../../bench/seed/random.ts';
import type { FaultSystem } from './system.ts';

export interface Fault {
  name: string;
  /** Resolves when the fault has ended. */
  inject: (system: FaultSystem, durationMs: number) => Promise<void>;
}

const APPS = ['gateway', 'worker', 'eventlog-worker'];
const PROXY_STATES: ProxyState[] = ['down', 'silent', 'stalled', 'half-open'];
const MAX_DURATION_MS = 4_000;
const MIN_DURATION_MS = 200;
/** Of two faults at once. */
const MIXTURE_SHARE = 0.25;

/** Every fault of one kind. */
const FAULTS: Fault[] = [
  ...APPS.flatMap((app): Fault[] => [
    { name: `kill ${app}`, inject: async (system) => signal(system, app, 'SIGKILL') },
    { name: `terminate ${app}`, inject: async (system) => signal(system, app, 'SIGTERM') },
    { name: `pause ${app}`, inject: (system, durationMs) => pause(system, app, durationMs) },
  ]),
  ...PROXY_STATES.flatMap((state): Fault[] => [
    {
      name: `PostgreSQL ${state}`,
      inject: ({ postgres }, durationMs) => during(postgres, state, durationMs),
    },
    {
      name: `Redis ${state}`,
      async inject({ redis }, durationMs) {
        if (redis) await during(redis, state, durationMs);
      },
    },
  ]),
  { name: 'Redis flushed', inject: ({ flushRedis }) => flushRedis() },
  { name: 'PostgreSQL ends all connections', inject: endConnections },
];

/** A fault at random, or two at once. */
export function pickFault(random: Random): Fault & { durationMs: number } {
  const durationMs = random.integer(MIN_DURATION_MS, MAX_DURATION_MS);
  const first = random.pick(FAULTS);
  if (random.next() >= MIXTURE_SHARE) return { ...first, durationMs };
  const second = random.pick(FAULTS);
  return {
    name: `${first.name} and ${second.name}`,
    durationMs,
    async inject(system, ms) {
      await Promise.all([first.inject(system, ms), second.inject(system, ms)]);
    },
  };
}

function signal({ apps }: FaultSystem, app: string, name: NodeJS.Signals): void {
  try {
    process.kill(apps.pids()[app]!, name);
  } catch (error) {
    // It ended before, and its supervisor starts it again.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function pause(system: FaultSystem, app: string, durationMs: number): Promise<void> {
  const pid = system.apps.pids()[app]!;
  signal(system, app, 'SIGSTOP');
  await sleep(durationMs);
  if (system.apps.pids()[app] === pid) signal(system, app, 'SIGCONT');
}

async function during(
  proxy: { setState: (state: ProxyState) => void },
  state: ProxyState,
  durationMs: number,
): Promise<void> {
  proxy.setState(state);
  await sleep(durationMs);
  proxy.setState('up');
}

async function endConnections({ sql }: FaultSystem): Promise<void> {
  await sql.query(`
    SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity
    WHERE datname = current_database()
      AND pid <> pg_backend_pid()
      AND application_name <> ''`);
}
