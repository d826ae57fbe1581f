import { setTimeout as sleep } from 'node:timers/promises';
import { isAcknowledged, overlapsFault, type Attempt, type Journal, type Kind } from './journal.ts';
import type { FaultSystem } from './system.ts';

/** What a run has shown; the counts are of items, the others of requests. */
export interface Findings {
  requests: number;
  acknowledged: number;
  items: number;
  lost: number;
  doubled: number;
  inOtherOrganization: number;
  errors: Record<string, number>;
  withoutRetryAfter: number;
  longestMs: number;
  longestOutsideFaultMs: number;
  slow503: number;
  slowestRecovery: { fault: string; ms: number } | null;
  drainMs: number;
}

const DRAIN_TIMEOUT_MS = 60_000;
const MAX_503_MS = 2_000;

const ROWS: Record<Kind, string> = {
  cdr: 'SELECT org_id, call_id AS mark FROM cdrs',
  event: 'SELECT org_id, description AS mark FROM audit_events',
  log: 'SELECT org_id, message AS mark FROM entity_logs',
};

/** Waits until everything accepted is stored, then compares what is stored with the journal. */
export async function checkJournal(system: FaultSystem, { attempts, faults }: Journal): Promise<Findings> {
  const drainMs = await awaitDrained(system);
  const stored = await readStored(system);
  const counts = { items: 0, lost: 0, doubled: 0, inOtherOrganization: 0 };
  for (const attempt of attempts) {
    for (const mark of attempt.marks) {
      const orgIds = stored.get(`${attempt.kind} ${mark}`) ?? [];
      counts.items += 1;
      if (isAcknowledged(attempt) && !orgIds.length) counts.lost += 1;
      if (orgIds.length > 1) counts.doubled += 1;
      if (orgIds.some((orgId) => orgId !== attempt.orgId)) counts.inOtherOrganization += 1;
    }
  }
  const refused = attempts.filter(({ status }) => status === 503);
  const [slowest] = [...faults].sort((a, b) => b.recoveryMs - a.recoveryMs);
  return {
    requests: attempts.length,
    acknowledged: attempts.filter(isAcknowledged).length,
    ...counts,
    errors: countErrors(attempts),
    withoutRetryAfter: refused.filter(({ hasRetryAfter }) => !hasRetryAfter).length,
    longestMs: longest(attempts),
    longestOutsideFaultMs: longest(attempts.filter((attempt) => !overlapsFault(attempt, faults))),
    slow503: refused.filter(({ startedAt, endedAt }) => endedAt - startedAt > MAX_503_MS).length,
    slowestRecovery: slowest ? { fault: slowest.name, ms: Math.round(slowest.recoveryMs) } : null,
    drainMs,
  };
}

async function awaitDrained({ sql }: FaultSystem): Promise<number> {
  const started = performance.now();
  while (performance.now() - started < DRAIN_TIMEOUT_MS) {
    const { rows } = await sql.query<{ count: number }>('SELECT count(*)::int AS count FROM intake');
    if (rows[0]!.count === 0) break;
    await sleep(100);
  }
  return Math.round(performance.now() - started);
}

/** The organizations of the stored rows by kind and mark. */
async function readStored({ sql }: FaultSystem): Promise<Map<string, number[]>> {
  const stored = new Map<string, number[]>();
  for (const [kind, query] of Object.entries(ROWS)) {
    const { rows } = await sql.query<{ org_id: number; mark: string }>(query);
    for (const { org_id, mark } of rows) {
      const key = `${kind} ${mark}`;
      stored.set(key, [...(stored.get(key) ?? []), org_id]);
    }
  }
  return stored;
}

function countErrors(attempts: Attempt[]): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const attempt of attempts) {
    if (isAcknowledged(attempt)) continue;
    const name = String(attempt.status ?? 'no response');
    errors[name] = (errors[name] ?? 0) + 1;
  }
  return errors;
}

function longest(attempts: Attempt[]): number {
  return Math.round(
    attempts.reduce((most, { startedAt, endedAt }) => Math.max(most, endedAt - startedAt), 0),
  );
}

/** What is wrong with a run: empty if it kept every promise. */
export function problemsOf(findings: Findings): string[] {
  const unexpected = Object.keys(findings.errors).filter(
    (status) => !['503', 'no response'].includes(status),
  );
  return [
    findings.lost && `${findings.lost} acknowledged items were lost`,
    findings.doubled && `${findings.doubled} items were stored twice`,
    findings.inOtherOrganization && `${findings.inOtherOrganization} items are in another organization`,
    findings.drainMs >= DRAIN_TIMEOUT_MS && `the backlog was not stored within ${DRAIN_TIMEOUT_MS} ms`,
    unexpected.length && `responses with status ${unexpected.join(', ')}`,
    findings.withoutRetryAfter && `${findings.withoutRetryAfter} responses 503 without Retry-After`,
  ].filter((problem) => typeof problem === 'string');
}
