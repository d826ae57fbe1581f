import { isDeepStrictEqual } from 'node:util';
import type { Database } from '@oriontel/database';
import { applyUpdate, type CallUpdate } from './apply-update.ts';
import type { FoundCall } from './call.ts';
import { calls } from './call.repository.ts';

/**
 * Null where there is no such call. Updates at once are decided one after the other.
 * @throws Failure bad_request, conflict
 */
export const updateCall =
  (db: Database) =>
  (orgId: number | null, id: string, update: CallUpdate): Promise<FoundCall | null> =>
    db.$transaction(async (tx) => {
      const call = await calls(tx).findToUpdate(orgId, id);
      if (!call) return null;
      const changed = { ...call, ...applyUpdate(call, update, new Date()) };
      return isDeepStrictEqual(changed, call) ? call : calls(tx).save(changed);
    });
