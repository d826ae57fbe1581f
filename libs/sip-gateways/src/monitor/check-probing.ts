import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@oriontel/database';
import { gateways } from '../gateways/gateway.repository.ts';
import { SHARD_COUNT } from './shard.ts';
import { shards } from './shard.repository.ts';

/** Long enough for monitors to start, or to take over the shards of a dead one. */
const TAKEOVER_TIMEOUT_SECONDS = 15;

/**
 * Checks that every shard is leased by a monitor and returns a summary.
 * @throws Error if there are enabled gateways and a shard is free for `timeoutSeconds`
 */
export async function checkProbing(db: Database, timeoutSeconds = TAKEOVER_TIMEOUT_SECONDS): Promise<string> {
  const [enabled, { held, monitors }] = await Promise.all([
    gateways(db).count(null, { enabled: true }),
    shards(db).countHeld(),
  ]);
  if (!enabled || held === SHARD_COUNT) return `${enabled} gateways probed by ${monitors} monitors`;
  if (timeoutSeconds <= 0)
    throw new Error(`${SHARD_COUNT - held} of ${SHARD_COUNT} gateway shards have no monitor: start one`);
  await sleep(1_000);
  return checkProbing(db, timeoutSeconds - 1);
}
