import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@oriontel/database';
import { gateways } from '../gateways/gateway.repository.ts';
import { SHARDS } from './shard.ts';
import { shards } from './shard.repository.ts';

/** Seconds in which other monitors have taken over what a dead one held, or all have started. */
const TAKE_OVER = 15;

/** Tells who probes the gateways that are to be probed. @throws where some are probed by nobody for `patience` seconds. */
export const watchProbing = async (db: Database, patience = TAKE_OVER): Promise<string> => {
  const [probed, { held, monitors }] = await Promise.all([
    gateways(db).count(null, { enabled: true }),
    shards(db).held(),
  ]);
  if (!probed || held === SHARDS) return `${probed} gateways probed by ${monitors} monitors`;
  if (patience <= 0)
    throw new Error(`${SHARDS - held} of ${SHARDS} shares of the gateways are probed by nobody`);
  await sleep(1_000);
  return watchProbing(db, patience - 1);
};
