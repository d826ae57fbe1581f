import { DEFAULT_ORG_ID, Failure, type Principal } from '@oriontel/contracts';

export function isAdmin(principal: Principal): boolean {
  return principal.kind === 'user' && principal.role === 'admin';
}

function ownOrganization(principal: Principal, asked: number | undefined): number {
  if (principal.orgId === null)
    throw new Failure('forbidden', 'You belong to no organization yet: ask to be taken into one.');
  if (asked !== undefined && asked !== principal.orgId)
    throw new Failure('forbidden', 'Not authorized for this organization.');
  return principal.orgId;
}

/** The organization a write goes to: an admin's where it says so, everybody else's own. @throws Failure forbidden */
export function organizationToWrite(principal: Principal, asked?: number): number {
  return isAdmin(principal) ? (asked ?? DEFAULT_ORG_ID) : ownOrganization(principal, asked);
}

/** The organization a read is limited to; null for an admin who asked for none in particular. @throws Failure forbidden */
export function organizationToRead(principal: Principal, asked?: number): number | null {
  return isAdmin(principal) ? (asked ?? null) : ownOrganization(principal, asked);
}

export function organizationNotFound(): Failure {
  return new Failure('not_found', 'Organization not found: create it first.');
}

export type OrganizationExists = (orgId: number) => Promise<boolean>;

/** The organization that something new goes to, which an admin may have misspelt. @throws Failure forbidden, not_found */
export function createOrganizationResolver(exists: OrganizationExists) {
  return async function resolveOrganization(principal: Principal, asked?: number): Promise<number> {
    const orgId = organizationToWrite(principal, asked);
    // One's own is there, and so is the default one.
    if (orgId !== principal.orgId && orgId !== DEFAULT_ORG_ID && !(await exists(orgId)))
      throw organizationNotFound();
    return orgId;
  };
}
