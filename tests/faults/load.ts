import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../bench/seed/random.ts';
import type { Attempt, Journal, Kind } from './journal.ts';
import type { FaultSystem, Sender } from './system.ts';

interface Request {
  method: 'POST' | 'PUT';
  path: string;
  headers?: Record<string, string>;
  body: object;
}

const CONNECTIONS = 8;
/** Between the requests of one connection, so that the load does not saturate the machine. */
const PAUSE_MS = 30;
/** No fault lasts longer: a request without a response after this time counts as hanging. */
const GIVE_UP_MS = 30_000;
const MAX_ITEMS = 20;
const START_TIME = '2024-01-15T10:30:00Z';

/** Sends until `stop` is called, which resolves when the last request has ended. */
export function startLoad(system: FaultSystem, random: Random, journal: Journal): () => Promise<void> {
  let isStopping = false;
  let number = 0;

  async function sendUntilStopped(): Promise<void> {
    while (!isStopping) {
      const kind = random.pickWeighted(KINDS).kind;
      const sender = random.pick(system.senders);
      const items = random.integer(1, MAX_ITEMS);
      const marks = Array.from({ length: kind === 'event' ? 1 : items }, () => `mark-${(number += 1)}`);
      const request = REQUESTS[kind](sender, marks, random);
      journal.attempts.push(await send(system.baseUrl, request, { kind, sender, marks }));
      await sleep(PAUSE_MS);
    }
  }
  const connections = Array.from({ length: CONNECTIONS }, sendUntilStopped);
  return async function stop() {
    isStopping = true;
    await Promise.all(connections);
  };
}

const KINDS: { kind: Kind; weight: number }[] = [
  { kind: 'cdr', weight: 5 },
  { kind: 'event', weight: 3 },
  { kind: 'log', weight: 2 },
];

const REQUESTS: Record<Kind, (sender: Sender, marks: string[], random: Random) => Request> = {
  cdr: (_sender, marks, random) => ({
    method: 'POST',
    path: '/cdr/faults',
    ...(random.next() < 0.3 && { headers: { prefer: 'wait=2' } }),
    body: { source: 'faults', records: marks.map(createRecord) },
  }),
  event: ({ orgId }, [mark]) => ({
    method: 'PUT',
    path: `/eventlog/${orgId}`,
    body: { event_type: 'config_change', description: mark },
  }),
  // Not deduplicated: lines that are stored twice are seen.
  log: (_sender, marks) => ({
    method: 'POST',
    path: '/logs/trunk/faults',
    body: {
      deduplicate: false,
      logs: marks.map((message) => ({ timestamp: START_TIME, type: 'call', message })),
    },
  }),
};

function createRecord(mark: string) {
  return {
    call_id: mark,
    caller: '+14155550001',
    callee: '+14155550002',
    start_time: START_TIME,
    end_time: '2024-01-15T10:31:00Z',
    duration: 60,
    disposition: 'ANSWERED',
  };
}

async function send(
  baseUrl: string,
  { method, path, headers, body }: Request,
  { kind, sender, marks }: { kind: Kind; sender: Sender; marks: string[] },
): Promise<Attempt> {
  const startedAt = performance.now();
  const response = await fetch(baseUrl + path, {
    method,
    headers: { 'content-type': 'application/json', authorization: sender.authorization, ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(GIVE_UP_MS),
  })
    .then(async (answer) => {
      await answer.arrayBuffer();
      return answer;
    })
    .catch(() => null);
  return {
    kind,
    orgId: sender.orgId,
    marks,
    startedAt,
    endedAt: performance.now(),
    status: response?.status ?? null,
    hasRetryAfter: response?.headers.has('retry-after') ?? false,
  };
}

/** Resolves when a new CDR was acknowledged and stored. */
export async function probeUntilStored({ baseUrl, senders }: FaultSystem, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let attempt = 1; performance.now() < deadline; attempt += 1) {
    const stored = await fetch(`${baseUrl}/cdr/probe`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: senders[0]!.authorization,
        prefer: 'wait=5',
      },
      body: JSON.stringify({ source: 'probe', records: [createRecord(`probe-${performance.now()}`)] }),
      signal: AbortSignal.timeout(timeoutMs),
    })
      .then(async (response) => (await response.json()) as { stored?: number })
      .catch(() => ({ stored: 0 }));
    if (stored.stored === 1) return;
    await sleep(50);
  }
}
