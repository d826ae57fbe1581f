import type { Database } from '@oriontel/database';
import type { CallLeg } from '../call-record.ts';
import type { CdrPayload } from '../cdr-intake.ts';
import { readSubmission, type StoredLeg } from '../read-submission.ts';
import { entitiesOf, type StoreDependencies } from '../store-batch.ts';
import { BYTES_IN_A_BITE, LEGS_IN_A_BITE, type Bite } from './bite.ts';
import { addCounts, FINISHED } from './munch-task.ts';
import { munchedLegs, type LegChange } from './munched-leg.repository.ts';
import { keyOf, positionOf } from './position.ts';

export type ReprocessDependencies = Pick<StoreDependencies, 'regionsOf' | 'registerEntities'>;

/** Reads the next calls again from their raw records, and writes those that today's rules read otherwise. */
export const reprocessBite =
  (db: Database, { regionsOf, registerEntities }: ReprocessDependencies): Bite =>
  async ({ orgId, range, position, counts }, save) => {
    const page = { after: keyOf(position), limit: LEGS_IN_A_BITE, bytes: BYTES_IN_A_BITE };
    const legs = await munchedLegs(db).next(orgId, range, page);
    const regions = await regionsOf([...new Set(legs.map((leg) => leg.orgId))]);
    const again = legs.map((leg) => ({ leg, read: readAgain(leg, regions.get(leg.orgId) ?? null) }));
    const changed = again.flatMap(({ leg, read }) => (read && differs(leg, read) ? [read] : []));
    const failed = again.filter(({ read }) => !read).length;
    return db.$transaction(async (tx) => {
      const written = await munchedLegs(tx).change(changed.map(toChange));
      if (changed.length) await registerEntities(tx, entitiesOf(changed));
      const progress = {
        position: legs.length ? positionOf('legs', legs.at(-1)!) : FINISHED,
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

/** The record as it came, as a request would bring it; of a platform batch, which names every call, and of FreeSWITCH, which does not. */
const payloadOf = ({ batchId, source, raw }: StoredLeg): CdrPayload => {
  const envelope = { batchId, source, sgapiReference: '' };
  const { freeswitch, call_id } = raw as {
    freeswitch?: { body: string; contentType: string | null; uuid: string | null };
    call_id?: unknown;
  };
  return freeswitch && call_id === undefined
    ? { ...envelope, ...freeswitch, format: 'freeswitch' }
    : { ...envelope, format: 'platform', records: [raw] };
};

/** Null where today's rules cannot read it, or take it for another call. */
const readAgain = (leg: StoredLeg, region: string | null): StoredLeg | null => {
  const [record] = readSubmission({ orgId: leg.orgId, payload: payloadOf(leg) }, region);
  return record?.ok && record.leg.id === leg.id ? record.leg : null;
};

/** What is decided anew; `linkedCallId` may come from the other leg as well. */
const DECIDED = [
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

const plain = (value: unknown): unknown => (value instanceof Date ? value.getTime() : value);

const differs = (old: StoredLeg, read: StoredLeg): boolean =>
  DECIDED.some((name) => plain(old[name]) !== plain(read[name])) ||
  old.contentHash !== read.contentHash ||
  (read.linkedCallId !== null && old.linkedCallId !== read.linkedCallId);

const toChange = ({ raw: _raw, ...leg }: StoredLeg): LegChange => leg;
