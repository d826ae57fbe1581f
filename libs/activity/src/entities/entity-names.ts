import type { EntityRef } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { entities } from './entity.repository.ts';

/** The names of those that have one, for whoever shows an actor or a resource. */
export const entityNames =
  (db: Queryable) =>
  async (orgId: number, refs: EntityRef[]): Promise<(EntityRef & { name: string })[]> =>
    refs.length ? entities(db).names(orgId, refs) : [];
