import type { Cursor } from '@oriontel/contracts';
import { Prisma } from '@oriontel/database';
import type { Direction, Disposition } from '../parse/call-leg.ts';

/** Matches the raw or the normalized number. */
export interface NumberFilter {
  /** One of these matches. */
  values: string[];
  /** Whether the values are prefixes. */
  isPrefix: boolean;
}

/** Conditions of a search, all optional. */
export interface CallFilter {
  callId?: string | undefined;
  caller?: NumberFilter | undefined;
  callee?: NumberFilter | undefined;
  /** The caller or the callee. */
  number?: NumberFilter | undefined;
  trunkId?: string | undefined;
  source?: string | undefined;
  batchId?: string | undefined;
  disposition?: Disposition | undefined;
  hangupCause?: string | undefined;
  direction?: Direction | undefined;
  /** Seconds, both inclusive. */
  minDuration?: number | undefined;
  maxDuration?: number | undefined;
  /** Earliest and latest start time, both inclusive. */
  from?: Date | undefined;
  to?: Date | undefined;
}

const NUMBER_COLUMNS = {
  caller: [
    Prisma.sql`caller`,
    // The index leaves out raw numbers that equal the normalized one.
    Prisma.sql`caller_raw IS DISTINCT FROM caller AND caller_raw`,
  ],
  callee: [Prisma.sql`callee`, Prisma.sql`callee_raw IS DISTINCT FROM callee AND callee_raw`],
};

/**
 * Conditions of which any must hold, each served by one index in the order of the page: PostgreSQL would
 * sort all matches of an OR. They come from one filter: caller, else callee, else number; `TRUE` without one.
 */
export function indexedConditions({ caller, callee, number }: CallFilter): Prisma.Sql[] {
  const { caller: callerColumns, callee: calleeColumns } = NUMBER_COLUMNS;
  if (caller) return matchesOf(callerColumns, caller);
  if (callee) return matchesOf(calleeColumns, callee);
  if (number) return matchesOf([...callerColumns, ...calleeColumns], number);
  return [Prisma.sql`TRUE`];
}

function matchesOf(columns: Prisma.Sql[], { values, isPrefix }: NumberFilter): Prisma.Sql[] {
  return columns.flatMap((column) =>
    values.map((value) =>
      isPrefix ? Prisma.sql`${column} LIKE ${`${escapeLike(value)}%`}` : Prisma.sql`${column} = ${value}`,
    ),
  );
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

function matchesNumber(filter: NumberFilter | undefined, columns: Prisma.Sql[]): Prisma.Sql | undefined {
  return filter && Prisma.sql`(${Prisma.join(matchesOf(columns, filter), ' OR ')})`;
}

/** Conditions of which all must hold, on the columns of cdrs. */
export function conditions(filter: CallFilter): Prisma.Sql[] {
  const { callId, caller, callee, number, trunkId, source, batchId, from, to } = filter;
  const { disposition, hangupCause, direction, minDuration, maxDuration } = filter;
  const { caller: callerColumns, callee: calleeColumns } = NUMBER_COLUMNS;
  return [
    callId !== undefined && Prisma.sql`call_id = ${callId}`,
    matchesNumber(caller, callerColumns),
    matchesNumber(callee, calleeColumns),
    matchesNumber(number, [...callerColumns, ...calleeColumns]),
    trunkId !== undefined && Prisma.sql`trunk_id = ${trunkId}`,
    source !== undefined && Prisma.sql`source = ${source}`,
    batchId !== undefined && Prisma.sql`batch_id = ${batchId}`,
    disposition !== undefined && Prisma.sql`disposition = ${disposition}`,
    hangupCause !== undefined && Prisma.sql`hangup_cause = ${hangupCause}`,
    direction !== undefined && Prisma.sql`direction = ${direction}`,
    minDuration !== undefined && Prisma.sql`duration >= ${minDuration}::int`,
    maxDuration !== undefined && Prisma.sql`duration <= ${maxDuration}::int`,
    from && Prisma.sql`start_time >= ${from}`,
    to && Prisma.sql`start_time <= ${to}`,
  ].filter((condition): condition is Prisma.Sql => !!condition);
}

/** The legs that follow in the order of a page, newest first. */
export function afterCursor(after: Cursor | null): Prisma.Sql[] {
  return after ? [Prisma.sql`(start_time, id) < (${after.time}, ${after.id}::uuid)`] : [];
}
