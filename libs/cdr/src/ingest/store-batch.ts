import { isUniqueViolation, type Queryable, type SqlTransaction } from '@oriontel/database';
import type { IntakeRow, NewQuarantineItem, StoreRows } from '@oriontel/intake';
import type { ClassifiedRecord } from '../batches/classified-record.ts';
import { submissions, type SubmissionCounts } from '../batches/submission.repository.ts';
import { callRecords } from '../calls/call-record.repository.ts';
import { entitiesOf } from '../calls/entities-of.ts';
import type { LegDependencies } from '../calls/leg-dependencies.ts';
import { linkLegs } from '../calls/link-legs.ts';
import { newLegs } from '../calls/new-leg.repository.ts';
import { addToSummary } from '../calls/summary/summary-delta.repository.ts';
import { uniqueInIdOrder } from '../calls/unique-in-id-order.ts';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { readSubmission, type StoredLeg } from '../parse/read-submission.ts';

export interface StoreDependencies extends LegDependencies {
  /** Ends the active calls that these legs belong to. */
  closeCalls: (tx: Queryable, legs: StoredLeg[]) => Promise<void>;
  /** Queues what was stored for the remote Service Gateway. Omitted: nothing is forwarded. */
  forward?: ((tx: Queryable, records: ClassifiedRecord[]) => Promise<void>) | undefined;
}

type Row = IntakeRow<CdrPayload>;

/**
 * Stores each leg of `rows` once, counts the outcome of every record, and returns the records to quarantine.
 */
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
    const legs = uniqueInIdOrder(records.flatMap(({ record }) => (record.ok ? [record.leg] : [])));
    const storedHashes = legs.length ? await newLegs(tx).findStored(legs) : new Map<string, string>();
    const missing = legs.filter(({ id }) => !storedHashes.has(id));
    await linkNewLegs(tx, missing);
    const inserted = await insertLegs(tx, missing, storedHashes);
    const added = legs.filter(({ id }) => inserted.has(id));
    await linkStoredLegs(tx, added);
    await registerEntities(tx, entitiesOf(added));
    if (added.length) await closeCalls(tx, added);
    const classified = classifyRecords(records, inserted, storedHashes);
    await forward?.(tx, classified);
    await insertSubmissions(tx, rows, classified);
    return classified.flatMap(toQuarantineItems);
  };
}

/** Links legs that arrive after, or with, the leg that names them. */
async function linkNewLegs(tx: SqlTransaction, legs: StoredLeg[]): Promise<void> {
  linkLegs(legs);
  const withoutLink = legs.filter(({ linkedCallId }) => linkedCallId === null);
  const linking = withoutLink.length ? await newLegs(tx).findLinking(withoutLink) : new Map<string, string>();
  for (const leg of withoutLink) leg.linkedCallId = linking.get(leg.id) ?? null;
}

/** Links stored legs that these legs name. */
async function linkStoredLegs(tx: SqlTransaction, legs: StoredLeg[]): Promise<void> {
  const withLink = legs.filter(({ linkedCallId }) => linkedCallId !== null);
  if (withLink.length) await newLegs(tx).linkBack(withLink);
}

/**
 * Stores the legs and adds them to the summary; returns the ids of those that no concurrent transaction
 * stored first. `storedHashes` then contains the content hash of every leg.
 */
async function insertLegs(
  tx: SqlTransaction,
  legs: StoredLeg[],
  storedHashes: Map<string, string>,
): Promise<Set<string>> {
  if (!legs.length) return new Set();
  const inserted = await copyLegs(tx, legs);
  const others = legs.filter(({ id }) => !inserted.has(id)).map(({ id }) => id);
  for (const { id, contentHash } of legs) storedHashes.set(id, contentHash);
  if (others.length) {
    for (const [id, hash] of await callRecords(tx).contentHashesOf(others)) storedHashes.set(id, hash);
  }
  return inserted;
}

async function copyLegs(tx: SqlTransaction, legs: StoredLeg[]): Promise<Set<string>> {
  try {
    await tx.savepoint(() => newLegs(tx).copy(legs));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return callRecords(tx).insert(legs);
  }
  await addToSummary(tx, legs);
  return new Set(legs.map(({ id }) => id));
}

/** Of several records with the id of an inserted leg, the first is the stored one. */
function classifyRecords(
  records: Pick<ClassifiedRecord, 'row' | 'record'>[],
  inserted: Set<string>,
  storedHashes: Map<string, string>,
): ClassifiedRecord[] {
  const counted = new Set<string>();
  return records.map(({ row, record }) => {
    if (!record.ok) return { row, record, outcome: 'quarantined' };
    const { id, contentHash } = record.leg;
    if (inserted.has(id) && !counted.has(id)) {
      counted.add(id);
      return { row, record, outcome: 'stored' };
    }
    return { row, record, outcome: storedHashes.get(id) === contentHash ? 'duplicates' : 'conflicts' };
  });
}

async function insertSubmissions(tx: Queryable, rows: Row[], records: ClassifiedRecord[]): Promise<void> {
  const countsById = new Map<string, SubmissionCounts>(
    rows.map(({ id }) => [id, { received: 0, stored: 0, duplicates: 0, conflicts: 0, quarantined: 0 }]),
  );
  for (const { row, outcome } of records) {
    const counts = countsById.get(row.id)!;
    counts.received += 1;
    counts[outcome] += 1;
  }
  await submissions(tx).insert(
    rows.map(({ id, orgId, payload, acceptedAt }) => {
      const { batchId, source, sgapiReference } = payload;
      return { id, orgId, batchId, source, sgapiReference, acceptedAt, ...countsById.get(id)! };
    }),
  );
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
  // A resent record has a new reference; it still counts as the same item.
  const sameAs = { ...payload, sgapiReference: null };
  const reference = payload.sgapiReference;
  return [{ orgId, key, reference, requestId, acceptedAt, payload, sameAs, ...why }];
}
