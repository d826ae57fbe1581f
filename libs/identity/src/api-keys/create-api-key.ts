import { Failure, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { organisationToWrite } from '@oriontel/service';
import { v7 as uuidv7 } from 'uuid';
import { mustExist } from '../organizations/must-exist.ts';
import { apiKeys } from './api-key.repository.ts';
import { keyWords, presentApiKey, type ApiKey, type NewApiKey } from './api-key.ts';

/** The answer is the only one that ever shows the key. @throws Failure forbidden, not_found, bad_request */
export const createApiKey =
  (db: Database) =>
  async (creator: Principal, wanted: NewApiKey): Promise<ApiKey> => {
    const orgId = organisationToWrite(creator, wanted.org_id);
    await mustExist(db, orgId);
    const expiresAt = wanted.expires_at ? new Date(wanted.expires_at) : null;
    if (expiresAt && expiresAt <= new Date()) throw past();
    const { id, word, secretHash } = keyWords.mint(uuidv7());
    const made = await apiKeys(db).create({
      id,
      name: wanted.name,
      orgId,
      scopes: [...new Set(wanted.scopes)],
      expiresAt,
      secretHash,
      createdById: creator.kind === 'user' ? creator.id : null,
    });
    return { ...presentApiKey(made), key: word };
  };

const past = (): Failure =>
  new Failure('bad_request', 'expires_at: must be in the future', {
    details: [{ field: 'expires_at', message: 'must be in the future' }],
  });
