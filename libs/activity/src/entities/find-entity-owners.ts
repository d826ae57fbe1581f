import type { EntityRef } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { isExternalType, type ExternalType } from './entity.ts';
import { entities } from './entity.repository.ts';

/**
 * Finds the organizations that have the user, organization, extension or gateway with this id; null stands
 * for no organization, as for an unassigned user. Supplied by the app, because other features store these
 * entities.
 */
export type ExternalEntityOwners = Record<ExternalType, (id: string) => Promise<(number | null)[]>>;

/** The organizations that have an entity: at least the first two if there are several. */
export async function findEntityOwners(
  db: Queryable,
  external: ExternalEntityOwners,
  ref: EntityRef,
): Promise<(number | null)[]> {
  return isExternalType(ref.type) ? external[ref.type](ref.id) : entities(db).listOrganizations(ref);
}

/** Whether the organization has this entity. */
export async function entityExists(
  db: Queryable,
  external: ExternalEntityOwners,
  orgId: number,
  ref: EntityRef,
): Promise<boolean> {
  return isExternalType(ref.type)
    ? (await external[ref.type](ref.id)).includes(orgId)
    : entities(db).exists(orgId, ref);
}
