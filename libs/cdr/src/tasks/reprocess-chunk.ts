import type { Database } from '@oriontel/database';
import type { CallLeg } from '../parse/call-leg.ts';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { readSubmission, type StoredLeg } from '../parse/read-submission.ts';
import { entitiesOf } from '../calls/entities-of.ts';
import type { LegDependencies } from '../calls/leg-dependencies.ts';
import { MAX_CHUNK_BYTES, MAX_CHUNK_LEGS, type RunChunk } from './chunk.ts';
import { addCounts, FINISHED } from './cdr-task.ts';
import { bulkLegs, type LegUpdate } from './bulk-leg.repository.ts';
import { keyOf, positionAfter } from './position.ts';

/** Reads the next calls again from their raw records, and writes those that today's rules read otherwise. */
export function reprocessChunk(db: Database, { regionsOf, registerEntities }: LegDependencies): RunChunk {
  return async function reprocessNextChunk({ orgId, range, position, counts }, save) {
    const page = { after: keyOf(position), limit: MAX_CHUNK_LEGS, bytes: MAX_CHUNK_BYTES };
    const legs = await bulkLegs(db).nextPage(orgId, range, page);
    const regions = await regionsOf([...new Set(legs.map((leg) => leg.orgId))]);
    const again = legs.map((leg) => ({ leg, read: reparseLeg(leg, regions.get(leg.orgId) ?? null) }));
    const changed = again.flatMap(({ leg, read }) => (read && differs(leg, read) ? [read] : []));
    const failed = again.filter(({ read }) => !read).length;
    return db.$transaction(async (tx) => {
      const written = await bulkLegs(tx).update(changed.map(toUpdate));
      if (changed.length) await registerEntities(tx, entitiesOf(changed));
      const progress = {
        position: legs.length ? positionAfter('legs', legs.at(-1)!) : FINISHED,
        counts: addCounts(counts, {
          changed: written,
          unchanged: legs.length - changed.length - failed,
          failed,
        }),
      };
      await save(tx, progress);
      return progress;
    });
  };
}

/** The record as it came, as a request would bring it; of a platform batch, which names every call, and of FreeSWITCH, which does not. */
function payloadOf({ batchId, source, raw }: StoredLeg): CdrPayload {
  const envelope = { batchId, source, sgapiReference: '' };
  const { freeswitch, call_id } = raw as {
    freeswitch?: { body: string; contentType: string | null; uuid: string | null };
    call_id?: unknown;
  };
  return freeswitch && call_id === undefined
    ? { ...envelope, ...freeswitch, format: 'freeswitch' }
    : { ...envelope, format: 'platform', records: [raw] };
}

/** Null where today's rules cannot read it, or take it for another call. */
function reparseLeg(leg: StoredLeg, region: string | null): StoredLeg | null {
  const [record] = readSubmission({ orgId: leg.orgId, payload: payloadOf(leg) }, region);
  return record?.ok && record.leg.id === leg.id ? record.leg : null;
}

/** What is decided anew; `linkedCallId` may come from the other leg as well. */
const COMPARED_FIELDS = [
  'leg',
  'direction',
  'caller',
  'callee',
  'callerRaw',
  'calleeRaw',
  'answerTime',
  'endTime',
  'duration',
  'billsec',
  'disposition',
  'hangupCause',
  'q850',
  'sipStatus',
  'trunkId',
] as const satisfies (keyof CallLeg)[];

const toComparable = (value: unknown): unknown => (value instanceof Date ? value.getTime() : value);

function differs(old: StoredLeg, read: StoredLeg): boolean {
  return (
    COMPARED_FIELDS.some((name) => toComparable(old[name]) !== toComparable(read[name])) ||
    old.contentHash !== read.contentHash ||
    (read.linkedCallId !== null && old.linkedCallId !== read.linkedCallId)
  );
}

const toUpdate = ({ raw: _raw, ...leg }: StoredLeg): LegUpdate => leg;
