import { fieldFailure, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { createOrganizationResolver } from '@oriontel/service';
import { v7 as uuidv7 } from 'uuid';
import { organizations } from '../organizations/organization.repository.ts';
import { apiKeys } from './api-key.repository.ts';
import { apiKeyTokens, presentApiKey, type ApiKey, type NewApiKey } from './api-key.ts';

/** The answer is the only one that ever shows the key. @throws Failure forbidden, not_found, bad_request */
export function createApiKey(db: Database) {
  const organizationOf = createOrganizationResolver(organizations(db).exists);
  return async function createKey(creator: Principal, wanted: NewApiKey): Promise<ApiKey> {
    const orgId = await organizationOf(creator, wanted.org_id);
    const expiresAt = wanted.expires_at ? new Date(wanted.expires_at) : null;
    if (expiresAt && expiresAt <= new Date()) throw fieldFailure('expires_at', 'must be in the future');
    const { id, token, secretHash } = apiKeyTokens.mint(uuidv7());
    const made = await apiKeys(db).create({
      id,
      name: wanted.name,
      orgId,
      scopes: [...new Set(wanted.scopes)],
      expiresAt,
      secretHash,
      createdById: creator.kind === 'user' ? creator.id : null,
    });
    return { ...presentApiKey(made), key: token };
  };
}
