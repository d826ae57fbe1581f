import type { EntityRef } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { entities } from './entity.repository.ts';

/** Creates a function that finds the names of entities of an organization; unnamed entities are omitted. */
export function entityNames(db: Queryable) {
  return async function findEntityNames(
    orgId: number,
    refs: EntityRef[],
  ): Promise<(EntityRef & { name: string })[]> {
    return refs.length ? entities(db).findNames(orgId, refs) : [];
  };
}
