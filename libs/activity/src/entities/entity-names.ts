import type { EntityRef } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { entities } from './entity.repository.ts';

/** The names of those that have one, for whoever shows an actor or a resource. */
export function entityNames(db: Queryable) {
  return async function findEntityNames(
    orgId: number,
    refs: EntityRef[],
  ): Promise<(EntityRef & { name: string })[]> {
    return refs.length ? entities(db).findNames(orgId, refs) : [];
  };
}
