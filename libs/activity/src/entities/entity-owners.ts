import type { EntityRef } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { isOwnedElsewhere, type OwnedElsewhere } from './entity.ts';
import { entities } from './entity.repository.ts';

/**
 * Which organizations have the user, organization, extension or gateway of this id; null stands for none, as that of a user
 * whom nobody has taken in. The app hands these over.
 */
export type OwnersElsewhere = Record<OwnedElsewhere, (id: string) => Promise<(number | null)[]>>;

/** Which organizations have an entity: the first two at least, where there are more. */
export function entityOwners(db: Queryable, elsewhere: OwnersElsewhere) {
  return function findEntityOwners(ref: EntityRef): Promise<(number | null)[]> {
    return isOwnedElsewhere(ref.type) ? elsewhere[ref.type](ref.id) : entities(db).listOrganizations(ref);
  };
}

/** Whether an organization has this entity. */
export function entityExists(db: Queryable, elsewhere: OwnersElsewhere) {
  return async function checkEntityExists(orgId: number, ref: EntityRef): Promise<boolean> {
    return isOwnedElsewhere(ref.type)
      ? (await elsewhere[ref.type](ref.id)).includes(orgId)
      : entities(db).exists(orgId, ref);
  };
}
