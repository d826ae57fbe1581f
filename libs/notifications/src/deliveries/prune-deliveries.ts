import type { Queryable } from '@oriontel/database';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { deliveries } from './delivery.repository.ts';

/** Days that a delivery is kept after its end, and that a disabled webhook's waits. */
const RETENTION_DAYS = 30;
/** Rows of one statement, and statements of one call. */
const CHUNK_ROWS = 2_000;
const MAX_CHUNKS = 50;

/** Forgets what is old, and ends what waits for webhooks that are no more: a bite at a time. Returns how many. */
export async function pruneDeliveries(db: Queryable, isEnough: () => boolean = () => false): Promise<number> {
  const table = deliveries(db);
  const { gone, disabled } = await webhooks(db).partitionInactive(await table.listPendingWebhookIds());
  let forgotten = 0;
  const bites = [
    () => table.pruneFinished(RETENTION_DAYS, CHUNK_ROWS),
    () => table.pruneStaleEmails(RETENTION_DAYS, CHUNK_ROWS),
    ...(gone.length ? [() => table.pruneOrphans(gone, CHUNK_ROWS)] : []),
    ...(disabled.length ? [() => table.pruneForDisabledWebhooks(disabled, RETENTION_DAYS, CHUNK_ROWS)] : []),
  ];
  for (const bite of bites) {
    for (let i = 0; i < MAX_CHUNKS && !isEnough(); i += 1) {
      const count = await bite();
      forgotten += count;
      if (count < CHUNK_ROWS) break;
    }
  }
  return forgotten;
}
