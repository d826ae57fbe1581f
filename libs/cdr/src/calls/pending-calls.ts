import { setImmediate } from 'node:timers/promises';
import type { Queryable } from '@oriontel/database';
import { awaitDrained, intakeRows } from '@oriontel/intake';
import { cdrIntake, type CdrPayload } from '../parse/cdr-intake.ts';
import { readSubmission } from '../parse/read-submission.ts';
import type { CallFilter, NumberFilter } from './call-filter.repository.ts';
import type { FoundLeg } from './call-record.repository.ts';
import type { RegionOf } from './leg-dependencies.ts';

/** How long a reader waits for the workers to store what was accepted before the request. */
const WORKERS_TIMEOUT_MS = 150;
/**
 * What a reader includes after that timeout: the newest pending submissions, of this size together, a few
 * hundred records. Parsing a whole backlog would block all other requests.
 */
const MAX_SUBMISSIONS = 100;
const MAX_SUBMISSION_BYTES = 96 * 1024;

const queue = cdrIntake.queue.name;

/** Waits until everything accepted before the call is stored; resolves with false after `timeoutMs`. */
export function awaitWorkers(
  db: Queryable,
  orgId: number | null,
  timeoutMs = WORKERS_TIMEOUT_MS,
): Promise<boolean> {
  const calledAt = new Date();
  return awaitDrained(async () => !(await intakeRows(db).hasPending(queue, orgId, calledAt)), timeoutMs);
}

/**
 * Read your own writes: the newest legs that are accepted and not stored yet, as they will be stored. Usually
 * none, because it waits for the workers first.
 */
export function pendingCalls(db: Queryable, regionOf: RegionOf) {
  return async function readPendingCalls(orgId: number | null): Promise<FoundLeg[]> {
    if (await awaitWorkers(db, orgId)) return [];
    const limits = { limit: MAX_SUBMISSIONS, maxBytes: MAX_SUBMISSION_BYTES };
    const legs: FoundLeg[] = [];
    const newestFirst = await intakeRows(db).newestPending<CdrPayload>(queue, orgId, limits);
    for (const row of newestFirst.reverse()) {
      const records = readSubmission(row, await regionOf(row.orgId));
      legs.push(...records.flatMap((record) => (record.ok ? [record.leg] : [])));
      await setImmediate();
    }
    return legs;
  };
}

/** Applies the filter of the repository to a leg in memory. */
export function matchesFilter(filter: CallFilter) {
  return function matchesLeg(leg: FoundLeg): boolean {
    const { callId, caller, callee, number, trunkId, source, batchId, from, to } = filter;
    const { disposition, hangupCause, direction, minDuration = 0, maxDuration = Infinity } = filter;
    return (
      isEqualOrUnset(callId, leg.callId) &&
      isEqualOrUnset(trunkId, leg.trunkId) &&
      isEqualOrUnset(source, leg.source) &&
      isEqualOrUnset(batchId, leg.batchId) &&
      isEqualOrUnset(disposition, leg.disposition) &&
      isEqualOrUnset(hangupCause, leg.hangupCause) &&
      isEqualOrUnset(direction, leg.direction) &&
      leg.duration >= minDuration &&
      leg.duration <= maxDuration &&
      matchesAnyOrUnset(caller, leg.caller, leg.callerRaw) &&
      matchesAnyOrUnset(callee, leg.callee, leg.calleeRaw) &&
      matchesAnyOrUnset(number, leg.caller, leg.callerRaw, leg.callee, leg.calleeRaw) &&
      (!from || leg.startTime >= from) &&
      (!to || leg.startTime <= to)
    );
  };
}

function isEqualOrUnset(expected: string | undefined, value: string | null): boolean {
  return expected === undefined || expected === value;
}

function matchesAnyOrUnset(filter: NumberFilter | undefined, ...numbers: (string | null)[]): boolean {
  if (!filter) return true;
  const { values, isPrefix } = filter;
  return numbers.some(
    (number) =>
      number !== null && values.some((value) => (isPrefix ? number.startsWith(value) : number === value)),
  );
}
