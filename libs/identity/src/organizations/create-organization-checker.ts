import type { ModelQueryable } from '@oriontel/database';
import { LRUCache } from 'lru-cache';
import { organizations } from './organization.repository.ts';

const MAX_KNOWN = 10_000;
const KNOWN_TTL_MS = 60_000;

/**
 * Returns a function that tells whether an organization exists. It remembers for `ttlMs` those that do:
 * requests of administrators would read them from the database each time.
 */
export function createOrganizationChecker(
  db: ModelQueryable,
  ttlMs = KNOWN_TTL_MS,
): (orgId: number) => Promise<boolean> {
  const known = new LRUCache<number, true>({ max: MAX_KNOWN, ttl: ttlMs });
  return async function organizationExists(orgId) {
    if (known.has(orgId)) return true;
    const exists = await organizations(db).exists(orgId);
    if (exists) known.set(orgId, true);
    return exists;
  };
}
