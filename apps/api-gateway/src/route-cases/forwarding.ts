import { buildBatch } from '@oriontel/cdr/testing';
import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

/** The id of a batch of ours that the remote Service Gateway refused. */
export async function createDeadLetter(
  world: Pick<TestGateway, 'call' | 'db' | 'ours'>,
  { reference = uniqueName('sgapi'), state = 'dead' } = {},
): Promise<string> {
  const index = uniqueName('forwarded');
  const headers = { prefer: 'wait=20' };
  await world.call(`/cdr/${index}`, { as: world.ours.byKey, headers, body: buildBatch(2) });
  const [row] = await world.db.$queryRaw<[{ id: string }]>`
    INSERT INTO cdr_forwardings (submission_id, org_id, batch_id, source, sgapi_reference, request_id, legs, records,
      state, attempts, first_tried_at, reason, accepted_at, finished_at)
    SELECT id, org_id, batch_id, source, ${reference}, 'req', '{}', stored, ${state}, 1, now(), 'answered 400', accepted_at, now()
    FROM cdr_submissions WHERE org_id = ${world.ours.orgId}::int AND batch_id = ${index} RETURNING submission_id AS id`;
  return row.id;
}

export const forwardingCases: RouteCases = {
  'GET /cdrs/forwarding': {
    async example(world) {
      const reference = uniqueName('sgapi');
      await createDeadLetter(world, { reference });
      return { url: '/cdrs/forwarding', marker: `"${reference}"` };
    },
    status: 200,
    data: { circuit: { state: 'closed', since: null } },
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'a cursor that is none': { query: { cursor: 'x' }, status: 400, field: 'cursor' },
      'a limit that is none': { query: { limit: '0' }, status: 400, field: 'limit' },
      'a question that is none': { query: { state: 'dead' }, status: 400, field: 'state' },
    },
  },
  'POST /cdrs/forwarding/:id/redrive': {
    example: async (world) => ({ url: `/cdrs/forwarding/${await createDeadLetter(world)}/redrive` }),
    status: 200,
    data: { state: 'pending' },
    otherOrgStatus: 404,
    invalidRequests: {
      'an id that is none': { url: '/cdrs/forwarding/1/redrive', status: 404 },
      'an id of nothing': {
        url: '/cdrs/forwarding/018d0c2a-5c40-7b1e-9f3a-2d6c7e8f9a0b/redrive',
        status: 404,
      },
    },
  },
};
