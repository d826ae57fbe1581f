import { fieldFailure, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { createOrganizationResolver } from '@oriontel/service';
import { v7 as uuidv7 } from 'uuid';
import { organizations } from '../organizations/organization.repository.ts';
import { apiKeys } from './api-key.repository.ts';
import { apiKeyTokens, presentApiKey, type ApiKey, type NewApiKey } from './api-key.ts';

/**
 * Creates an API key. Its result is the only place the key itself appears: the database stores a hash.
 * @throws Failure forbidden, not_found (no such organization), bad_request (`expires_at` is in the past)
 */
export function createApiKey(db: Database) {
  const resolveOrganization = createOrganizationResolver((id) => organizations(db).exists(id));
  return async function createKey(creator: Principal, request: NewApiKey): Promise<ApiKey> {
    const orgId = await resolveOrganization(creator, request.org_id);
    const expiresAt = request.expires_at ? new Date(request.expires_at) : null;
    if (expiresAt && expiresAt <= new Date()) throw fieldFailure('expires_at', 'must be in the future');
    const { id, token, secretHash } = apiKeyTokens.mint(uuidv7());
    const created = await apiKeys(db).create({
      id,
      name: request.name,
      orgId,
      scopes: [...new Set(request.scopes)],
      expiresAt,
      secretHash,
      createdById: creator.kind === 'user' ? creator.id : null,
    });
    return { ...presentApiKey(created), key: token };
  };
}
