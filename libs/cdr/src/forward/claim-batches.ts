import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { circuit } from './circuit.repository.ts';
import { forwardings } from './forwarding.repository.ts';
import type { BatchInHand } from './send-batch.ts';

/** Up to `limit` batches that are due: none while the circuit is open, one to try it with once its time is over. */
export const claimBatches = async (db: Database, limit: number, lease: number): Promise<BatchInHand[]> => {
  const now = await circuit(db).read();
  if (now.state !== 'closed') return now.state === 'half-open' ? claimProbe(db, lease) : [];
  const claimed = await forwardings(db).claim(uuidv7(), limit, lease);
  return claimed.map((batch) => ({ ...batch, isProbe: false, heals: now.failures > 0 }));
};

const claimProbe = (db: Database, lease: number): Promise<BatchInHand[]> =>
  db.$transaction(async (tx) => {
    if (!(await circuit(tx).takeProbe(lease))) return [];
    const claimed = await forwardings(tx).claim(uuidv7(), 1, lease);
    if (!claimed.length) await circuit(tx).giveProbeBack();
    return claimed.map((batch) => ({ ...batch, isProbe: true, heals: true }));
  });
