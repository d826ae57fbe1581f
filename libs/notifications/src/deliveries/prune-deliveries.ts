import type { Queryable } from '@oriontel/database';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { deliveries } from './delivery.repository.ts';

/** Of finished deliveries, and of pending ones of disabled webhooks. */
const RETENTION_DAYS = 30;
const CHUNK_ROWS = 2_000;
/** Statements of one kind per call. */
const MAX_CHUNKS = 50;

/**
 * Deletes old deliveries and those of deleted webhooks, in chunks, until `isStopping`. Returns their number.
 */
export async function pruneDeliveries(
  db: Queryable,
  isStopping: () => boolean = () => false,
): Promise<number> {
  const table = deliveries(db);
  const { deleted, disabled } = await webhooks(db).partitionInactive(await table.listPendingWebhookIds());
  const prunes = [
    () => table.pruneFinished(RETENTION_DAYS, CHUNK_ROWS),
    () => table.pruneStaleEmails(RETENTION_DAYS, CHUNK_ROWS),
    ...(deleted.length ? [() => table.pruneOrphans(deleted, CHUNK_ROWS)] : []),
    ...(disabled.length ? [() => table.pruneForDisabledWebhooks(disabled, RETENTION_DAYS, CHUNK_ROWS)] : []),
  ];
  let total = 0;
  for (const prune of prunes) total += await pruneChunks(prune, isStopping);
  return total;
}

async function pruneChunks(prune: () => Promise<number>, isStopping: () => boolean): Promise<number> {
  let total = 0;
  for (let i = 0; i < MAX_CHUNKS && !isStopping(); i += 1) {
    const count = await prune();
    total += count;
    if (count < CHUNK_ROWS) break;
  }
  return total;
}
