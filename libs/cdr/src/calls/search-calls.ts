import { IdText, Limit, readCursor, text, time, writeCursor } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { z } from 'zod';
import { Direction, Disposition, MAX_CALL_SECONDS } from '../parse/call-leg.ts';
import type { CallFilter, NumberFilter } from './call-filter.repository.ts';
import { callRecords, type FoundLeg } from './call-record.repository.ts';
import { normalizeNumber } from '../parse/normalize/normalize-number.ts';
import { readDisposition } from '../parse/normalize/read-disposition.ts';
import type { RegionOf } from './leg-dependencies.ts';
import { matchesFilter, pendingCalls } from './pending-calls.ts';

const word = text(255);

/** A `+` that the client did not percent-encode arrives as a space. */
const number = word
  .transform((value) => value.replace(/^ (?=\d)/, '+'))
  .meta({
    description: 'A number as sent or normalized; with a trailing *, a prefix: +4930*',
  });

const seconds = z.coerce.number().int().min(0).max(MAX_CALL_SECONDS);

export const CallQuery = z.strictObject({
  call_id: word.optional(),
  caller: number.optional(),
  callee: number.optional(),
  number: number.optional(),
  trunk_id: word.optional(),
  source: word.optional(),
  batch_id: word.optional(),
  disposition: word
    .transform((value, context) => {
      const disposition = readDisposition(value);
      if (!disposition)
        context.addIssue({ code: 'custom', message: `must be one of ${Disposition.options.join(', ')}` });
      return disposition ?? z.NEVER;
    })
    .optional(),
  hangup_cause: word.optional(),
  direction: Direction.optional(),
  min_duration: seconds.optional(),
  max_duration: seconds.optional(),
  from: time.optional().meta({ description: 'Earliest start time, inclusive' }),
  to: time.optional().meta({ description: 'Latest start time, inclusive' }),
  org_id: IdText.optional(),
  limit: Limit,
  cursor: z.string().max(200).optional(),
});
export type CallQuery = z.output<typeof CallQuery>;

/**
 * Finds a page of legs, newest first; the first page includes pending ones. `nextCursor` is null on the last
 * page.
 */
export function searchCalls(db: Queryable, regionOf: RegionOf) {
  const pendingOf = pendingCalls(db, regionOf);
  return async function searchLegs(
    orgId: number | null,
    query: CallQuery,
  ): Promise<{ legs: FoundLeg[]; nextCursor: string | null }> {
    const filter = toCallFilter(query, orgId === null ? null : await regionOf(orgId));
    const after = query.cursor ? readCursor(query.cursor) : null;
    const pending = after ? [] : (await pendingOf(orgId)).filter(matchesFilter(filter));
    const stored = await callRecords(db).search(orgId, filter, { after, limit: query.limit + 1 });
    const legs = mergeNewestFirst(stored, pending);
    const page = legs.slice(0, query.limit);
    const last = page.at(-1);
    return {
      legs: page,
      nextCursor:
        last && legs.length > page.length ? writeCursor({ time: last.startTime, id: last.id }) : null,
    };
  };
}

/** Finds one leg by id, stored or pending; null if there is none. */
export function findCall(db: Queryable, regionOf: RegionOf) {
  const pendingOf = pendingCalls(db, regionOf);
  return async function findLeg(orgId: number | null, id: string): Promise<FoundLeg | null> {
    const stored = () => callRecords(db).find(orgId, id);
    const pending = async () => (await pendingOf(orgId)).find((leg) => leg.id === id);
    // Reads stored legs again at the end: the workers may have stored the leg meanwhile.
    return (await stored()) ?? (await pending()) ?? (await stored());
  };
}

/** Not `*` alone, and not a service code such as `*97*`. */
const PREFIX = /^[^*]+\*$/;

/** Numbers match as given and as normalized by the region of the organization. */
export function toCallFilter(query: Omit<CallQuery, 'limit'>, region: string | null): CallFilter {
  function numberFilter(value: string | undefined): NumberFilter | undefined {
    if (!value) return undefined;
    if (PREFIX.test(value)) return { values: [value.slice(0, -1)], isPrefix: true };
    return { values: [...new Set([value, normalizeNumber(value, region)])], isPrefix: false };
  }
  return {
    callId: query.call_id,
    caller: numberFilter(query.caller),
    callee: numberFilter(query.callee),
    number: numberFilter(query.number),
    trunkId: query.trunk_id,
    source: query.source,
    batchId: query.batch_id,
    disposition: query.disposition,
    hangupCause: query.hangup_cause,
    direction: query.direction,
    minDuration: query.min_duration,
    maxDuration: query.max_duration,
    from: query.from ? new Date(query.from) : undefined,
    to: query.to ? new Date(query.to) : undefined,
  };
}

function mergeNewestFirst(stored: FoundLeg[], pending: FoundLeg[]): FoundLeg[] {
  if (!pending.length) return stored;
  const byId = new Map([...pending, ...stored].map((leg) => [leg.id, leg]));
  return [...byId.values()].sort(
    (a, b) => b.startTime.getTime() - a.startTime.getTime() || (a.id < b.id ? 1 : -1),
  );
}
