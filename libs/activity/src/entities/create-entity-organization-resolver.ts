import { DEFAULT_ORG_ID, Failure, type EntityRef, type Principal } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import {
  isAdmin,
  createOrganizationResolver,
  organizationToRead,
  organizationToWrite,
  type OrganizationExists,
} from '@oriontel/service';
import { isExternalType } from './entity.ts';
import { entityExists, findEntityOwners, type ExternalEntityOwners } from './find-entity-owners.ts';

/**
 * Resolves the organization of an entity. `requested`: the org_id of the request; only admins may choose
 * freely.
 */
export interface EntityOrganizationResolver {
  /** For reading. @throws Failure bad_request, forbidden, not_found */
  forRead(principal: Principal, ref: EntityRef, requested?: number): Promise<number>;
  /** For a write that may register the entity. @throws Failure bad_request, forbidden, not_found */
  forWrite(principal: Principal, ref: EntityRef, requested?: number): Promise<number>;
  /**
   * For a write to an existing entity; a plain user may write to its own entity only.
   * @throws Failure bad_request, forbidden, not_found
   */
  forReport(principal: Principal, ref: EntityRef, requested?: number): Promise<number>;
}

/**
 * Creates the rules by which requests find the organization of an entity. For everyone but admins it is their
 * own organization. For admins it is the requested one, else the default one if that has the entity, else the
 * only one that has it. Data of a user without organization belongs to the default organization and is
 * visible to that user and to admins. `content` names the data in error messages.
 */
export function createEntityOrganizationResolver(
  db: Queryable,
  external: ExternalEntityOwners,
  organizationExists: OrganizationExists,
  content: 'logs' | 'events',
): EntityOrganizationResolver {
  const resolveOrganization = createOrganizationResolver(organizationExists);

  async function assertExists(orgId: number, ref: EntityRef): Promise<number> {
    if (!(await entityExists(db, external, orgId, ref))) throw entityNotFound();
    return orgId;
  }

  /** The organization that an admin means; null if no organization has the entity. */
  async function findForAdmin(ref: EntityRef, requested?: number): Promise<number | null> {
    const owners = (await findEntityOwners(db, external, ref)).map((orgId) => orgId ?? DEFAULT_ORG_ID);
    if (requested !== undefined) {
      const exists = owners.includes(requested) || (await entityExists(db, external, requested, ref));
      return exists ? requested : null;
    }
    if (owners.includes(DEFAULT_ORG_ID)) return DEFAULT_ORG_ID;
    if (owners.length > 1) throw ambiguousEntity();
    return owners[0] ?? null;
  }

  async function forRead(principal: Principal, ref: EntityRef, requested?: number): Promise<number> {
    if (isAdmin(principal)) {
      const orgId = await findForAdmin(ref, requested);
      if (orgId === null) throw entityNotFound();
      return orgId;
    }
    if (principal.orgId !== null || requested !== undefined)
      return assertExists(organizationToRead(principal, requested)!, ref);
    if (isSelf(principal, ref)) return DEFAULT_ORG_ID;
    throw notAuthorized('view', content);
  }

  return {
    forRead,

    async forReport(principal, ref, requested) {
      if (isPlainUser(principal) && !isSelf(principal, ref)) throw notAuthorized('create', content);
      return forRead(principal, ref, requested);
    },

    async forWrite(principal, ref, requested) {
      const mustExist = isExternalType(ref.type);
      if (!isAdmin(principal)) {
        const orgId = organizationToWrite(principal, requested);
        return mustExist ? assertExists(orgId, ref) : orgId;
      }
      const existing = await findForAdmin(ref, requested);
      if (existing !== null) return existing;
      if (mustExist) throw entityNotFound();
      return resolveOrganization(principal, requested);
    },
  };
}

function isPlainUser(principal: Principal): boolean {
  return principal.kind === 'user' && principal.role === 'user';
}

function isSelf(principal: Principal, { type, id }: EntityRef): boolean {
  return principal.kind === 'user' && type === 'user' && id === String(principal.id);
}

function entityNotFound(): Failure {
  return new Failure('not_found', 'Entity not found');
}

function notAuthorized(action: 'view' | 'create', content: string): Failure {
  return new Failure('forbidden', `Not authorized to ${action} ${content} for this entity.`);
}

function ambiguousEntity(): Failure {
  return new Failure('bad_request', 'Several organizations have this entity: choose one with org_id.', {
    details: [{ field: 'org_id', message: 'is required: several organizations have this entity' }],
  });
}
