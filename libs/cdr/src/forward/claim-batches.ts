import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { circuit } from './circuit.repository.ts';
import { forwardings } from './forwarding.repository.ts';
import type { InFlightBatch } from './send-batch.ts';

/** Up to `limit` batches that are due: none while the circuit is open, one to try it with once its time is over. */
export async function claimBatches(db: Database, limit: number, lease: number): Promise<InFlightBatch[]> {
  const now = await circuit(db).read();
  if (now.state !== 'closed') return now.state === 'half-open' ? claimProbe(db, lease) : [];
  const claimed = await forwardings(db).claim(uuidv7(), limit, lease);
  return claimed.map((batch) => ({ ...batch, isProbe: false, resetsCircuit: now.failures > 0 }));
}

function claimProbe(db: Database, lease: number): Promise<InFlightBatch[]> {
  return db.$transaction(async (tx) => {
    if (!(await circuit(tx).claimProbe(lease))) return [];
    const claimed = await forwardings(tx).claim(uuidv7(), 1, lease);
    if (!claimed.length) await circuit(tx).releaseProbe();
    return claimed.map((batch) => ({ ...batch, isProbe: true, resetsCircuit: true }));
  });
}
