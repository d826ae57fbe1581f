import { isDeepStrictEqual } from 'node:util';
import type { Database } from '@oriontel/database';
import { applyCallUpdate, type CallUpdate } from './apply-call-update.ts';
import type { FoundCall } from './call.ts';
import { calls } from './call.repository.ts';

/**
 * Partial update: omitted fields keep their value. Returns null if not found. Concurrent updates are
 * serialized by a row lock.
 * @throws Failure bad_request, conflict
 */
export function updateCall(db: Database) {
  return function updateCallRecord(
    orgId: number | null,
    id: string,
    update: CallUpdate,
  ): Promise<FoundCall | null> {
    return db.$transaction(async (tx) => {
      const call = await calls(tx).findForUpdate(orgId, id);
      if (!call) return null;
      const changed = { ...call, ...applyCallUpdate(call, update, new Date()) };
      return isDeepStrictEqual(changed, call) ? call : calls(tx).save(changed);
    });
  };
}
