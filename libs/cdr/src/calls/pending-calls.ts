import type { Queryable } from '@oriontel/database';
import { awaitDrained, intakeRows } from '@oriontel/intake';
import type { CallFilter, FoundLeg } from './call-record.repository.ts';
import { cdrIntake, type CdrPayload } from '../parse/cdr-intake.ts';
import { readSubmission } from '../parse/read-submission.ts';

/** Milliseconds a reader gives the workers to store what was accepted before it asked. */
const WORKERS_TIMEOUT_MS = 250;
/** Submissions that are read from the intake where the workers are further behind than that. */
const MAX_SUBMISSIONS = 100;

const queue = cdrIntake.queue.name;

/** Gives the workers a moment to store what is accepted by now; false where that is not enough. */
export function awaitWorkers(db: Queryable, orgId: number | null): Promise<boolean> {
  const asked = new Date();
  return awaitDrained(
    async () => !(await intakeRows(db).hasPending(queue, orgId, asked)),
    WORKERS_TIMEOUT_MS,
  );
}

type RegionOf = (orgId: number) => Promise<string | null>;

/**
 * Read your own writes: what is accepted and not stored yet, as it will be stored. Mostly that is nothing, since the
 * workers are given a moment first.
 */
export function pendingCalls(db: Queryable, regionOf: RegionOf) {
  return async function readPendingCalls(orgId: number | null): Promise<FoundLeg[]> {
    if (await awaitWorkers(db, orgId)) return [];
    const rows = await intakeRows(db).pending<CdrPayload>(queue, orgId, { limit: MAX_SUBMISSIONS });
    const records = await Promise.all(
      rows.map(async (row) => readSubmission(row, await regionOf(row.orgId))),
    );
    return records.flat().flatMap((record) => (record.ok ? [record.leg] : []));
  };
}

/** The filter of the repository, for legs that are not in the database. */
export function matchesFilter(filter: CallFilter) {
  return function matchesLeg(leg: FoundLeg): boolean {
    const { callId, callers, callees, trunkId, source, batchId, disposition, from, to } = filter;
    return (
      isWanted(callId, leg.callId) &&
      isWanted(trunkId, leg.trunkId) &&
      isWanted(source, leg.source) &&
      isWanted(batchId, leg.batchId) &&
      isWanted(disposition, leg.disposition) &&
      isOneOf(callers, leg.caller, leg.callerRaw) &&
      isOneOf(callees, leg.callee, leg.calleeRaw) &&
      (!from || leg.startTime >= from) &&
      (!to || leg.startTime <= to)
    );
  };
}

function isWanted(wanted: string | undefined, value: string | null): boolean {
  return wanted === undefined || wanted === value;
}

function isOneOf(wanted: string[] | undefined, ...values: (string | null)[]): boolean {
  return !wanted || values.some((value) => value !== null && wanted.includes(value));
}
