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
