import { createEntityRegistrar } from '@oriontel/activity';
import { foldSummary, storeBatch } from '@oriontel/cdr/worker';
import type { Database } from '@oriontel/database';
import { organizations } from '@oriontel/identity';
import { v7 as uuidv7 } from 'uuid';
import type { CallOrganization, GeneratedBatch } from './generate-calls.ts';

export interface StoreOptions {
  organizations: readonly CallOrganization[];
  /** The range of the start times. */
  from: Date;
  to: Date;
  /** Called after each transaction with the number of legs stored so far. */
  onProgress?: (legs: number) => void;
}

const TRANSACTION_RECORDS = 2_000;
/** Transactions at once. */
const CONCURRENCY = 2;

/**
 * Stores the batches as the CDR worker does, but without the intake table and the queue: legs, links,
 * entities, batch counts and summary. Returns the number of records. Records that are stored already are not
 * stored again.
 */
export async function storeCalls(
  db: Database,
  batches: Iterable<GeneratedBatch>,
  { organizations: owners, from, to, onProgress = () => undefined }: StoreOptions,
): Promise<number> {
  for (const { id, name, region } of owners) await organizations(db).insertWithId({ id, name, region });
  await createPartitions(db, from, to);
  const regions = new Map(owners.map(({ id, region }) => [id, region]));
  const store = storeBatch({
    regionsOf: async () => regions,
    registerEntities: createEntityRegistrar(),
    // History: none of these calls is active.
    closeCalls: async () => undefined,
  });
  const chunks = chunkBatches(batches);
  let stored = 0;

  async function storeChunks(): Promise<void> {
    for (const chunk of chunks) {
      const rejected = await db.$sqlTransaction((tx) => store(tx, chunk.map(toIntakeRow)));
      if (rejected.length) throw new Error(`A generated record is invalid: ${rejected[0]!.detail}`);
      stored += chunk.reduce((sum, { records }) => sum + records.length, 0);
      onProgress(stored);
    }
  }
  // The workers share one iterator.
  await Promise.all(Array.from({ length: CONCURRENCY }, storeChunks));
  await foldSummary(db);
  return stored;
}

function* chunkBatches(batches: Iterable<GeneratedBatch>): Generator<GeneratedBatch[]> {
  let chunk: GeneratedBatch[] = [];
  let records = 0;
  for (const batch of batches) {
    chunk.push(batch);
    records += batch.records.length;
    if (records < TRANSACTION_RECORDS) continue;
    yield chunk;
    [chunk, records] = [[], 0];
  }
  if (chunk.length) yield chunk;
}

function toIntakeRow({ orgId, batchId, source, records }: GeneratedBatch) {
  return {
    id: uuidv7(),
    orgId,
    key: batchId,
    payload: {
      format: 'platform' as const,
      batchId,
      source,
      sgapiReference: `sgapi-${batchId}`,
      records,
      validated: true as const,
    },
    requestId: batchId,
    acceptedAt: new Date(records.at(-1)!.end_time!),
    attempts: 0,
  };
}

/** The migrations create the partitions of recent weeks; these calls may be older. */
async function createPartitions(db: Database, from: Date, to: Date): Promise<void> {
  await db.$executeRaw`
    SELECT make_week_partition('cdrs', week)
    FROM generate_series(
      date_trunc('week', ${from}::timestamptz, 'UTC'),
      ${to}::timestamptz,
      interval '1 week'
    ) AS week`;
}
