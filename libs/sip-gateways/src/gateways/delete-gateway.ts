import type { Database } from '@oriontel/database';
import { gatewayStates } from '../results/gateway-state.repository.ts';
import type { GatewayRef } from './gateway.ts';
import { gateways } from './gateway.repository.ts';

/** Deletes a gateway and its state; its results stay until retention. Returns whether it existed. */
export function deleteGateway(db: Database) {
  return function deleteGatewayAndState(ref: GatewayRef): Promise<boolean> {
    return db.$transaction(async (tx) => {
      const isDeleted = await gateways(tx).delete(ref);
      await gatewayStates(tx).delete(ref);
      return isDeleted;
    });
  };
}
