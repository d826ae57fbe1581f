import type { Queryable } from '@oriontel/database';
import { circuit } from '@oriontel/outbound';

/** Row of forward_circuit. One circuit serves all organizations, since they share one receiver. */
const SGAPI_CIRCUIT_ID = 1;

/** The circuit breaker in front of the remote Service Gateway. */
export function sgapiCircuit(db: Queryable) {
  return circuit(db, SGAPI_CIRCUIT_ID);
}
