import type { Queryable } from '@oriontel/database';
import { callRecords } from '../calls/call-record.repository.ts';
import { presentCall } from '../calls/present-call.ts';
import type { ClaimedForwarding } from './forwarding.repository.ts';

/**
 * The request body of a batch: its legs as `GET /cdrs` presents them now, in the order they were submitted
 * (at most 10,000). Null if all of them were deleted.
 */
export async function buildBody(db: Queryable, batch: ClaimedForwarding): Promise<Buffer | null> {
  const { orgId, batchId, source, sgapiReference, legs } = batch;
  const found = await callRecords(db).findByIds(orgId, legs);
  if (!found.length) return null;
  const byId = new Map(found.map((leg) => [leg.id, leg]));
  const records = legs.flatMap((id) => byId.get(id) ?? []).map(presentCall);
  const body = { sgapi_reference: sgapiReference, batch_id: batchId, org_id: orgId, source, records };
  return Buffer.from(JSON.stringify(body));
}
