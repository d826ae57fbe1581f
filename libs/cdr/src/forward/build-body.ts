import type { Queryable } from '@oriontel/database';
import { callRecords } from '../calls/call-record.repository.ts';
import { presentCall } from '../calls/present-call.ts';
import type { ClaimedForwarding } from './forwarding.repository.ts';

/**
 * The legs of a batch as `GET /cdrs` shows them now, in the order in which they came; null where none of them is there any
 * more. One body for one submission: at most 10,000 records.
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
