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
export const entityOwners =
  (db: Queryable, elsewhere: OwnersElsewhere) =>
  (ref: EntityRef): Promise<(number | null)[]> =>
    isOwnedElsewhere(ref.type) ? elsewhere[ref.type](ref.id) : entities(db).organizationsOf(ref);

/** Whether an organization has this entity. */
export const entityExists =
  (db: Queryable, elsewhere: OwnersElsewhere) =>
  async (orgId: number, ref: EntityRef): Promise<boolean> =>
    isOwnedElsewhere(ref.type)
      ? (await elsewhere[ref.type](ref.id)).includes(orgId)
      : entities(db).exists(orgId, ref);
