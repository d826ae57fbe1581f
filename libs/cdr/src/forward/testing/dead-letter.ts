import { randomUUID } from 'node:crypto';
import type { Database } from '@oriontel/database';
import type { TestClient } from '@oriontel/service/testing';
import { buildBatch } from '../../fixtures/build-record.ts';

export interface DeadLetterClient {
  call: TestClient;
  db: Database;
  ours: { orgId: number; byKey: string };
}

/**
 * Stores a batch of two records in `ours` whose forwarding ended in `state`; a worker must run. Returns the
 * id of its submission.
 */
export async function createDeadLetter(
  { call, db, ours }: DeadLetterClient,
  { reference = `sgapi-${randomUUID()}`, state = 'dead' } = {},
): Promise<string> {
  const index = `forwarded-${randomUUID()}`;
  await call(`/cdr/${index}`, { as: ours.byKey, headers: { prefer: 'wait=20' }, body: buildBatch(2) });
  const [row] = await db.$queryRaw<[{ id: string }]>`
    INSERT INTO cdr_forwardings
      (submission_id, org_id, batch_id, source, sgapi_reference, request_id, legs, records, state,
        attempts, first_tried_at, reason, accepted_at, finished_at)
    SELECT id, org_id, batch_id, source, ${reference}, 'req', '{}', stored,
      ${state}, 1, now(), 'HTTP 400', accepted_at, now()
    FROM cdr_submissions
    WHERE org_id = ${ours.orgId}::int
      AND batch_id = ${index}
    RETURNING submission_id AS id`;
  return row.id;
}
