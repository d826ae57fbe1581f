import { DEFAULT_ORG_ID, Failure, type Principal } from '@oriontel/contracts';

export function isAdmin(principal: Principal): boolean {
  return principal.kind === 'user' && principal.role === 'admin';
}

function ownOrganization(principal: Principal, requested: number | undefined): number {
  if (principal.orgId === null)
    throw new Failure('forbidden', 'You belong to no organization: ask an administrator to add you to one.');
  if (requested !== undefined && requested !== principal.orgId)
    throw new Failure('forbidden', 'Not authorized for this organization.');
  return principal.orgId;
}

/**
 * The organization that a write applies to: the requested or default one for admins, else the principal's
 * own.
 * @throws Failure forbidden
 */
export function organizationToWrite(principal: Principal, requested?: number): number {
  return isAdmin(principal) ? (requested ?? DEFAULT_ORG_ID) : ownOrganization(principal, requested);
}

/**
 * The organization that a read is limited to; null (every organization) for admins who requested none.
 * @throws Failure forbidden
 */
export function organizationToRead(principal: Principal, requested?: number): number | null {
  return isAdmin(principal) ? (requested ?? null) : ownOrganization(principal, requested);
}

export function organizationNotFound(): Failure {
  return new Failure('not_found', 'Organization not found: create it first.');
}

export type OrganizationExists = (orgId: number) => Promise<boolean>;

/** Creates a variant of `organizationToWrite` that also checks that the organization exists. */
export function createOrganizationResolver(exists: OrganizationExists) {
  /** @throws Failure forbidden or not_found */
  return async function resolveOrganization(principal: Principal, requested?: number): Promise<number> {
    const orgId = organizationToWrite(principal, requested);
    // The principal's own and the default organization always exist.
    if (orgId !== principal.orgId && orgId !== DEFAULT_ORG_ID && !(await exists(orgId)))
      throw organizationNotFound();
    return orgId;
  };
}
