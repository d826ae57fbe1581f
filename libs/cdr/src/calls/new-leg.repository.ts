import { Prisma, type CopyValue, type SqlTransaction } from '@oriontel/database';
import type { StoredLeg } from '../parse/read-submission.ts';
import { LINK_WINDOW_MS } from './link-legs.ts';

/**
 * `+ 0` keeps PostgreSQL from the index of org_id and start_time: without statistics it looks as selective as
 * that of call_id, but reads all legs of the organization within a day.
 */
const SAME_ORG = Prisma.sql`cdrs.org_id + 0 = leg.org_id`;

const COPIED_COLUMNS = [
  'id',
  'org_id',
  'call_id',
  'leg',
  'linked_call_id',
  'direction',
  'caller',
  'callee',
  'caller_raw',
  'callee_raw',
  'start_time',
  'answer_time',
  'end_time',
  'duration',
  'billsec',
  'disposition',
  'hangup_cause',
  'q850',
  'sip_status',
  'trunk_id',
  'source',
  'batch_id',
  'content_hash',
  'raw',
] as const;

/**
 * Stores legs of a drain. Each look-up is a LATERAL subquery per leg, served by the index of its id or
 * call_id whatever the statistics of the partition say: the cost depends on the batch, not on the table.
 */
export function newLegs(tx: SqlTransaction) {
  return {
    /** The content hashes of those of `legs` that are stored, by id. */
    async findStored(legs: StoredLeg[]): Promise<Map<string, string>> {
      const ids = legs.map(({ id }) => id);
      const times = legs.map(({ startTime }) => startTime.toISOString());
      const { first, last } = rangeOf(legs, 0);
      const rows = await tx.$queryRaw<{ id: string; contentHash: string }[]>`
        SELECT stored.id, stored.content_hash AS "contentHash"
        FROM unnest(${ids}::uuid[], ${times}::timestamptz[]) AS leg(id, start_time)
        CROSS JOIN LATERAL (
          SELECT id, content_hash
          FROM cdrs
          WHERE cdrs.id = leg.id
            AND cdrs.start_time = leg.start_time
            AND cdrs.start_time BETWEEN ${first}::timestamptz AND ${last}::timestamptz
          OFFSET 0
        ) AS stored`;
      return new Map(rows.map(({ id, contentHash }) => [id, contentHash]));
    },

    /** Appends legs that are not stored, in id order to avoid deadlocks. Rejects if one is stored. */
    copy(legs: StoredLeg[]): Promise<void> {
      return tx.copyInto('cdrs', COPIED_COLUMNS, legs.map(toCopiedRow));
    },

    /** The call_id of the first stored leg that links to each of `legs`, by the id of the latter. */
    async findLinking(legs: StoredLeg[]): Promise<Map<string, string>> {
      const { first, last } = rangeOf(legs, LINK_WINDOW_MS);
      const rows = await tx.$queryRaw<{ id: string; callId: string }[]>`
        SELECT DISTINCT ON (leg.id)
          leg.id,
          linking.call_id AS "callId"
        FROM ${unnestLegs(legs)}
        CROSS JOIN LATERAL (
          SELECT call_id, start_time
          FROM cdrs
          WHERE cdrs.linked_call_id = leg.call_id
            AND ${SAME_ORG}
            AND cdrs.start_time BETWEEN leg.earliest AND leg.latest
            AND cdrs.start_time BETWEEN ${first}::timestamptz AND ${last}::timestamptz
          OFFSET 0
        ) AS linking
        ORDER BY leg.id, linking.start_time`;
      return new Map(rows.map(({ id, callId }) => [id, callId]));
    },

    /** Sets the link back in the stored legs that `legs` name, unless they have a link. */
    async linkBack(legs: StoredLeg[]): Promise<void> {
      const { first, last } = rangeOf(legs, LINK_WINDOW_MS);
      const found = await tx.$queryRaw<{ id: string; startTime: Date; callId: string }[]>`
        SELECT DISTINCT ON (target.id)
          target.id,
          target.start_time AS "startTime",
          leg.call_id AS "callId"
        FROM ${unnestLegs(legs)}
        CROSS JOIN LATERAL (
          SELECT id, start_time
          FROM cdrs
          WHERE cdrs.call_id = leg.linked_call_id
            AND ${SAME_ORG}
            AND cdrs.linked_call_id IS NULL
            AND cdrs.start_time BETWEEN leg.earliest AND leg.latest
            AND cdrs.start_time BETWEEN ${first}::timestamptz AND ${last}::timestamptz
          OFFSET 0
        ) AS target
        ORDER BY target.id, leg.earliest`;
      if (found.length) await setLinks(tx, found);
    },
  };
}

async function setLinks(
  tx: SqlTransaction,
  links: { id: string; startTime: Date; callId: string }[],
): Promise<void> {
  const ids = links.map(({ id }) => id);
  const times = links.map(({ startTime }) => startTime.toISOString());
  const callIds = links.map(({ callId }) => callId);
  await tx.$executeRaw`
    UPDATE cdrs
    SET linked_call_id = link.call_id
    FROM unnest(${ids}::uuid[], ${times}::timestamptz[], ${callIds}::text[]) AS link(id, start_time, call_id)
    WHERE cdrs.id = link.id
      AND cdrs.start_time = link.start_time
      AND cdrs.linked_call_id IS NULL`;
}

/** The legs as rows `leg(id, org_id, call_id, linked_call_id, earliest, latest)`. */
function unnestLegs(legs: StoredLeg[]): Prisma.Sql {
  function isoTimes(shiftMs: number): string[] {
    return legs.map(({ startTime }) => new Date(startTime.getTime() + shiftMs).toISOString());
  }
  return Prisma.sql`unnest(
    ${legs.map(({ id }) => id)}::uuid[],
    ${legs.map(({ orgId }) => orgId)}::int[],
    ${legs.map(({ callId }) => callId)}::text[],
    ${legs.map(({ linkedCallId }) => linkedCallId)}::text[],
    ${isoTimes(-LINK_WINDOW_MS)}::timestamptz[],
    ${isoTimes(LINK_WINDOW_MS)}::timestamptz[]
  ) AS leg(id, org_id, call_id, linked_call_id, earliest, latest)`;
}

/** Limits a statement to the partitions of the legs before it runs. */
function rangeOf(legs: StoredLeg[], marginMs: number): { first: string; last: string } {
  let [first, last] = [Infinity, -Infinity];
  for (const { startTime } of legs) {
    first = Math.min(first, startTime.getTime());
    last = Math.max(last, startTime.getTime());
  }
  return { first: new Date(first - marginMs).toISOString(), last: new Date(last + marginMs).toISOString() };
}

/** In the order of COPIED_COLUMNS. */
function toCopiedRow(leg: StoredLeg): CopyValue[] {
  return [
    leg.id,
    leg.orgId,
    leg.callId,
    leg.leg,
    leg.linkedCallId,
    leg.direction,
    leg.caller,
    leg.callee,
    leg.callerRaw,
    leg.calleeRaw,
    leg.startTime,
    leg.answerTime,
    leg.endTime,
    leg.duration,
    leg.billsec,
    leg.disposition,
    leg.hangupCause,
    leg.q850,
    leg.sipStatus,
    leg.trunkId,
    leg.source,
    leg.batchId,
    leg.contentHash,
    JSON.stringify(leg.raw),
  ];
}
