import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@oriontel/database';
import { gateways } from '../gateways/gateway.repository.ts';
import { SHARD_COUNT } from './shard.ts';
import { shards } from './shard.repository.ts';

/** Seconds in which other monitors have taken over what a dead one held, or all have started. */
const TAKEOVER_TIMEOUT_SECONDS = 15;

/** Tells who probes the gateways that are to be probed. @throws where some are probed by nobody for `patience` seconds. */
export async function checkProbing(db: Database, patience = TAKEOVER_TIMEOUT_SECONDS): Promise<string> {
  const [probed, { held, monitors }] = await Promise.all([
    gateways(db).count(null, { enabled: true }),
    shards(db).countHeld(),
  ]);
  if (!probed || held === SHARD_COUNT) return `${probed} gateways probed by ${monitors} monitors`;
  if (patience <= 0)
    throw new Error(`${SHARD_COUNT - held} of ${SHARD_COUNT} shares of the gateways are probed by nobody`);
  await sleep(1_000);
  return checkProbing(db, patience - 1);
}
