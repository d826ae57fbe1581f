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

/** Parses the raw records of the next legs with the current rules and writes the legs that changed. */
export function reprocessChunk(db: Database, { regionsOf, registerEntities }: LegDependencies): RunChunk {
  return async function reprocessNextChunk({ orgId, range, position, counts }, save) {
    const page = { after: keyOf(position), limit: MAX_CHUNK_LEGS, maxBytes: MAX_CHUNK_BYTES };
    const legs = await bulkLegs(db).nextPage(orgId, range, page);
    const regions = await regionsOf([...new Set(legs.map((leg) => leg.orgId))]);
    const results = legs.map((leg) => ({ leg, parsed: reparseLeg(leg, regions.get(leg.orgId) ?? null) }));
    const changed = results.flatMap(({ leg, parsed }) => (parsed && differs(leg, parsed) ? [parsed] : []));
    const failed = results.filter(({ parsed }) => !parsed).length;
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

/**
 * The payload of a request with this record only. A platform record has a `call_id`, a FreeSWITCH body has
 * not.
 */
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

/** Null if the current rules reject the record or give it another id. */
function reparseLeg(leg: StoredLeg, region: string | null): StoredLeg | null {
  const [record] = readSubmission({ orgId: leg.orgId, payload: payloadOf(leg) }, region);
  return record?.ok && record.leg.id === leg.id ? record.leg : null;
}

/**
 * The fields that reprocessing may change. `linkedCallId` is compared separately: the other leg may have set
 * it.
 */
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

function differs(old: StoredLeg, parsed: StoredLeg): boolean {
  return (
    COMPARED_FIELDS.some((name) => toComparable(old[name]) !== toComparable(parsed[name])) ||
    old.contentHash !== parsed.contentHash ||
    (parsed.linkedCallId !== null && old.linkedCallId !== parsed.linkedCallId)
  );
}

const toUpdate = ({ raw: _raw, ...leg }: StoredLeg): LegUpdate => leg;
