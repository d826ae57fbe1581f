import type { EntityRef } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { IntakeRow, NewQuarantineItem, StoreRows } from '@oriontel/intake';
import { callRecords } from '../calls/call-record.repository.ts';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import type { NewForwarding } from '../forward/forwarding.repository.ts';
import { toForwardings } from '../forward/to-forwardings.ts';
import { readSubmission, type ReadRecord, type StoredLeg } from '../parse/read-submission.ts';
import { submissions, type SubmissionCounts } from '../batches/submission.repository.ts';

/** What this feature needs of others; the app hands it over. */
export interface StoreDependencies {
  /** ISO 3166 alpha-2 by organization: how its national numbers are read. */
  regionsOf: (orgIds: number[]) => Promise<Map<number, string | null>>;
  /** Makes entities of the organization what was not known before. */
  registerEntities: (tx: Queryable, entities: (EntityRef & { orgId: number })[]) => Promise<void>;
  /** Ends the active calls that these legs belong to. */
  closeCalls: (tx: Queryable, legs: StoredLeg[]) => Promise<void>;
  /** Notes what the remote Service Gateway is to be told of; absent where there is none. */
  forward?: ((tx: Queryable, batches: NewForwarding[]) => Promise<void>) | undefined;
}

type Row = IntakeRow<CdrPayload>;
type RecordOutcome = 'stored' | 'duplicates' | 'conflicts' | 'quarantined';

interface ClassifiedRecord {
  row: Row;
  record: ReadRecord;
  outcome: RecordOutcome;
}

/** Stores the legs of all `rows` once each, and tells what became of every record. */
export function storeBatch({
  regionsOf,
  registerEntities,
  closeCalls,
  forward,
}: StoreDependencies): StoreRows<CdrPayload> {
  return async function storeRows(tx, rows) {
    const regions = await regionsOf([...new Set(rows.map(({ orgId }) => orgId))]);
    const records = rows.flatMap((row) =>
      readSubmission(row, regions.get(row.orgId) ?? null).map((record) => ({ row, record })),
    );
    const legs = records.flatMap(({ record }) => (record.ok ? [record.leg] : []));
    const firsts = uniqueInIdOrder(legs);
    const inserted = await callRecords(tx).insert(firsts);
    const newLegs = firsts.filter(({ id }) => inserted.has(id));
    await linkBothWays(tx, newLegs);
    await registerEntities(tx, entitiesOf(newLegs));
    if (newLegs.length) await closeCalls(tx, newLegs);
    const judged = classifyRecords(records, inserted, await readContentHashes(tx, firsts, inserted));
    await forward?.(tx, toForwardings(judged));
    await insertSubmissions(tx, rows, judged);
    return judged.flatMap(toQuarantineItems);
  };
}

/** Whichever of two legs comes first, and whichever names the other. */
async function linkBothWays(tx: Queryable, newLegs: StoredLeg[]): Promise<void> {
  const naming = newLegs.filter(({ linkedCallId }) => linkedCallId !== null);
  const nameless = newLegs.filter(({ linkedCallId }) => linkedCallId === null);
  const namers = nameless.length ? await callRecords(tx).findLegsLinkingTo(nameless) : [];
  await callRecords(tx).linkBack([...naming, ...namers]);
}

/** The first leg of each key, by id: every worker takes its locks in the same order. */
function uniqueInIdOrder(legs: StoredLeg[]): StoredLeg[] {
  const firsts = new Map<string, StoredLeg>();
  for (const leg of legs) if (!firsts.has(leg.id)) firsts.set(leg.id, leg);
  return [...firsts.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What is stored under each key now: the legs just inserted, and those that were there before. */
async function readContentHashes(
  tx: Queryable,
  firsts: StoredLeg[],
  inserted: Set<string>,
): Promise<Map<string, string>> {
  const others = firsts.filter(({ id }) => !inserted.has(id)).map(({ id }) => id);
  const known = others.length ? await callRecords(tx).contentHashesOf(others) : new Map<string, string>();
  for (const { id, contentHash } of firsts) if (inserted.has(id)) known.set(id, contentHash);
  return known;
}

function classifyRecords(
  records: { row: Row; record: ReadRecord }[],
  inserted: Set<string>,
  known: Map<string, string>,
): ClassifiedRecord[] {
  const credited = new Set<string>();
  return records.map(({ row, record }) => {
    if (!record.ok) return { row, record, outcome: 'quarantined' };
    const { id, contentHash } = record.leg;
    if (inserted.has(id) && !credited.has(id)) {
      credited.add(id);
      return { row, record, outcome: 'stored' };
    }
    return { row, record, outcome: known.get(id) === contentHash ? 'duplicates' : 'conflicts' };
  });
}

export function entitiesOf(legs: StoredLeg[]): (EntityRef & { orgId: number })[] {
  const entities = new Map<string, EntityRef & { orgId: number }>();
  function add(orgId: number, type: string, id: string) {
    return entities.set(`${orgId}/${type}/${id}`, { orgId, type, id });
  }
  for (const { orgId, source, trunkId } of legs) {
    add(orgId, 'source', source);
    if (trunkId) add(orgId, 'trunk', trunkId);
  }
  return [...entities.values()];
}

async function insertSubmissions(tx: Queryable, rows: Row[], judged: ClassifiedRecord[]): Promise<void> {
  const counted = new Map<string, SubmissionCounts>(
    rows.map(({ id }) => [id, { received: 0, stored: 0, duplicates: 0, conflicts: 0, quarantined: 0 }]),
  );
  for (const { row, outcome } of judged) {
    const counts = counted.get(row.id)!;
    counts.received += 1;
    counts[outcome] += 1;
  }
  const done = rows.map(({ id, orgId, payload, acceptedAt }) => {
    const { batchId, source, sgapiReference } = payload;
    return { id, orgId, batchId, source, sgapiReference, acceptedAt, ...counted.get(id)! };
  });
  await submissions(tx).insert(done);
}

function toQuarantineItems({ row, record, outcome }: ClassifiedRecord): NewQuarantineItem[] {
  if (outcome === 'stored' || outcome === 'duplicates') return [];
  const { orgId, key, requestId, acceptedAt } = row;
  const why = record.ok
    ? {
        reason: 'conflict',
        detail: `${record.leg.callId} is stored already with other content, as ${record.leg.id}`,
      }
    : { reason: record.reason, detail: record.detail };
  const payload = record.extractPayload();
  // Sent again it has another reference, and is the same all the same.
  const sameAs = { ...payload, sgapiReference: null };
  return [{ orgId, key, requestId, acceptedAt, payload, sameAs, ...why }];
}
