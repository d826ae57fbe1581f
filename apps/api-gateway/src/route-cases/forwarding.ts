import { createDeadLetter } from '@oriontel/cdr/testing';
import { uniqueName, type RouteCases } from './route-case.ts';

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
      'an invalid cursor': { query: { cursor: 'x' }, status: 400, field: 'cursor' },
      'an invalid limit': { query: { limit: '0' }, status: 400, field: 'limit' },
      'an unknown parameter': { query: { state: 'dead' }, status: 400, field: 'state' },
    },
  },
  'POST /cdrs/forwarding/:id/redrive': {
    example: async (world) => ({ url: `/cdrs/forwarding/${await createDeadLetter(world)}/redrive` }),
    status: 200,
    data: { state: 'pending' },
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/cdrs/forwarding/1/redrive', status: 404 },
      'an unknown id': {
        url: '/cdrs/forwarding/018d0c2a-5c40-7b1e-9f3a-2d6c7e8f9a0b/redrive',
        status: 404,
      },
    },
  },
};
