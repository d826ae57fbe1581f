import { DEFAULT_ORG_ID, Failure, type EntityRef, type Principal } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import {
  isAdmin,
  createOrganizationResolver,
  organizationToRead,
  organizationToWrite,
  type OrganizationExists,
} from '@oriontel/service';
import { isOwnedElsewhere } from './entity.ts';
import { entityExists, entityOwners, type OwnersElsewhere } from './entity-owners.ts';

export interface EntityOrganization {
  /** Whose entity it is that `principal` asks to read. @throws Failure bad_request, forbidden, not_found */
  toRead(principal: Principal, ref: EntityRef, asked?: number): Promise<number>;
  /** The same for a write, which may make it known. @throws Failure bad_request, forbidden, not_found */
  toWrite(principal: Principal, ref: EntityRef, asked?: number): Promise<number>;
  /** The same for a write that makes nothing known; of a plain user, about itself alone. @throws Failure bad_request, forbidden, not_found */
  toReport(principal: Principal, ref: EntityRef, asked?: number): Promise<number>;
}

const notFound = (): Failure => new Failure('not_found', 'Entity not found');

function notAuthorized(to: 'view' | 'create', kept: string): Failure {
  return new Failure('forbidden', `Not authorized to ${to} ${kept} for this entity.`);
}

/**
 * Everybody's own organization has their entities; an admin's are those of the organization that it names, else of the default one,
 * else of the only one that has such. What belongs to a user of no organization is kept with the default one, and shown to that user and to admins.
 */
export function entityOrganization(
  db: Queryable,
  elsewhere: OwnersElsewhere,
  organizationExists: OrganizationExists,
  kept: 'logs' | 'events',
): EntityOrganization {
  const exists = entityExists(db, elsewhere);
  const ownersOf = entityOwners(db, elsewhere);
  const toFill = createOrganizationResolver(organizationExists);

  async function existing(orgId: number, ref: EntityRef): Promise<number> {
    if (!(await exists(orgId, ref))) throw notFound();
    return orgId;
  }

  /** For admins; null where nobody has it. */
  async function ownerFor(ref: EntityRef, asked?: number): Promise<number | null> {
    const owners = (await ownersOf(ref)).map((orgId) => orgId ?? DEFAULT_ORG_ID);
    if (asked !== undefined) return owners.includes(asked) || (await exists(asked, ref)) ? asked : null;
    if (owners.includes(DEFAULT_ORG_ID)) return DEFAULT_ORG_ID;
    if (owners.length > 1) throw ambiguousEntity();
    return owners[0] ?? null;
  }

  const toRead: EntityOrganization['toRead'] = async (principal, ref, asked) => {
    if (isAdmin(principal)) {
      const orgId = await ownerFor(ref, asked);
      if (orgId === null) throw notFound();
      return orgId;
    }
    if (principal.orgId !== null || asked !== undefined)
      return existing(organizationToRead(principal, asked)!, ref);
    if (isSelf(principal, ref)) return DEFAULT_ORG_ID;
    throw notAuthorized('view', kept);
  };

  return {
    toRead,

    async toReport(principal, ref, asked) {
      if (isPlainUser(principal) && !isSelf(principal, ref)) throw notAuthorized('create', kept);
      return toRead(principal, ref, asked);
    },

    async toWrite(principal, ref, asked) {
      const mustExist = isOwnedElsewhere(ref.type);
      if (!isAdmin(principal)) {
        const orgId = organizationToWrite(principal, asked);
        return mustExist ? existing(orgId, ref) : orgId;
      }
      const known = await ownerFor(ref, asked);
      if (known !== null) return known;
      if (mustExist) throw notFound();
      return toFill(principal, asked);
    },
  };
}

const isPlainUser = (principal: Principal): boolean => principal.kind === 'user' && principal.role === 'user';

function isSelf(principal: Principal, { type, id }: EntityRef): boolean {
  return principal.kind === 'user' && type === 'user' && id === String(principal.id);
}

function ambiguousEntity(): Failure {
  return new Failure('bad_request', 'Several organizations have this entity: say which by org_id.', {
    details: [{ field: 'org_id', message: 'is required: several organizations have this entity' }],
  });
}
