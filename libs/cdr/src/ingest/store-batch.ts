import type { Queryable } from '@oriontel/database';
import type { IntakeRow, NewQuarantineItem, StoreRows } from '@oriontel/intake';
import type { ClassifiedRecord } from '../batches/classified-record.ts';
import { submissions, type SubmissionCounts } from '../batches/submission.repository.ts';
import { callRecords } from '../calls/call-record.repository.ts';
import { entitiesOf } from '../calls/entities-of.ts';
import type { LegDependencies } from '../calls/leg-dependencies.ts';
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
    const inserted = await callRecords(tx).insert(legs);
    const newLegs = legs.filter(({ id }) => inserted.has(id));
    await linkBothWays(tx, newLegs);
    await registerEntities(tx, entitiesOf(newLegs));
    if (newLegs.length) await closeCalls(tx, newLegs);
    const classified = classifyRecords(records, inserted, await readContentHashes(tx, legs, inserted));
    await forward?.(tx, classified);
    await insertSubmissions(tx, rows, classified);
    return classified.flatMap(toQuarantineItems);
  };
}

/** Links legs in either order of arrival, whichever of the two names the other. */
async function linkBothWays(tx: Queryable, newLegs: StoredLeg[]): Promise<void> {
  const withLink = newLegs.filter(({ linkedCallId }) => linkedCallId !== null);
  const withoutLink = newLegs.filter(({ linkedCallId }) => linkedCallId === null);
  const linkingTo = withoutLink.length ? await callRecords(tx).findLegsLinkingTo(withoutLink) : [];
  await callRecords(tx).linkBack([...withLink, ...linkingTo]);
}

/** The content hash that is stored under each id now, whether inserted just now or before. */
async function readContentHashes(
  tx: Queryable,
  legs: StoredLeg[],
  inserted: Set<string>,
): Promise<Map<string, string>> {
  const earlier = legs.filter(({ id }) => !inserted.has(id)).map(({ id }) => id);
  const hashes = earlier.length ? await callRecords(tx).contentHashesOf(earlier) : new Map<string, string>();
  for (const { id, contentHash } of legs) if (inserted.has(id)) hashes.set(id, contentHash);
  return hashes;
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
  return [{ orgId, key, requestId, acceptedAt, payload, sameAs, ...why }];
}
