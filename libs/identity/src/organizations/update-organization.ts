import { DEFAULT_ORG_ID, Failure, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { isAdmin } from '@oriontel/service';
import { organizations } from './organization.repository.ts';
import type { FoundOrganization, OrganizationUpdate } from './organization.ts';

/**
 * Partial update: omitted fields keep their value. Returns null if the organization does not exist or, unless
 * the actor is an admin, is not the actor's own.
 * @throws Failure forbidden, conflict
 */
export function updateOrganization(db: Database) {
  return async function applyOrganizationUpdate(
    actor: Principal,
    id: number,
    { name, region, retention_days, disabled }: OrganizationUpdate,
  ): Promise<FoundOrganization | null> {
    if (!isAdmin(actor) && actor.orgId !== id) return null;
    if (disabled !== undefined && !isAdmin(actor))
      throw new Failure('forbidden', 'disabled can be changed by an admin only.');
    if (disabled && id === DEFAULT_ORG_ID)
      throw new Failure('conflict', 'The default organization cannot be disabled.');
    return organizations(db).update(id, {
      ...(name !== undefined && { name }),
      ...(region !== undefined && { region }),
      ...(retention_days !== undefined && { retentionDays: retention_days }),
      ...(disabled !== undefined && { disabledAt: disabled ? new Date() : null }),
    });
  };
}
