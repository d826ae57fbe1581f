import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { forwardings } from './forwarding.repository.ts';
import type { InFlightBatch } from './send-batch.ts';
import { sgapiCircuit } from './sgapi-circuit.ts';

/**
 * Claims up to `limit` batches that are due: none while the circuit is open, one as the probe while it is
 * half-open.
 */
export async function claimBatches(
  db: Database,
  limit: number,
  leaseSeconds: number,
): Promise<InFlightBatch[]> {
  const circuit = await sgapiCircuit(db).read();
  if (circuit.state !== 'closed') return circuit.state === 'open' ? [] : claimProbe(db, leaseSeconds);
  const claimed = await forwardings(db).claim(uuidv7(), limit, leaseSeconds);
  return claimed.map((batch) => ({ ...batch, isProbe: false, resetsCircuit: circuit.failures > 0 }));
}

function claimProbe(db: Database, leaseSeconds: number): Promise<InFlightBatch[]> {
  return db.$transaction(async (tx) => {
    if (!(await sgapiCircuit(tx).claimProbe(leaseSeconds))) return [];
    const claimed = await forwardings(tx).claim(uuidv7(), 1, leaseSeconds);
    if (!claimed.length) await sgapiCircuit(tx).releaseProbe();
    return claimed.map((batch) => ({ ...batch, isProbe: true, resetsCircuit: true }));
  });
}
