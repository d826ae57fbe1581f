import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

function entry(more: object = {}) {
  return {
    timestamp: '2024-01-14T15:00:00Z',
    type: 'call',
    level: 'info',
    message: 'Call processed via trunk',
    details: { call_id: 'imported-001', duration: 120 },
    ...more,
  };
}

async function postLog({ call, ours }: TestGateway, entity: string, message: string) {
  const body = { logs: [entry({ message })] };
  const { json } = await call<{ import_id: string }>(`/logs/${entity}`, { as: ours.manager, body });
  return json.import_id;
}

async function nameEntity({ call, ours }: TestGateway, type: string, id: string) {
  return call(`/entities/${type}/${id}`, { method: 'PUT', as: ours.manager, body: { name: 'Front desk' } });
}

function invalidLog(field: string, more: object, status = 400) {
  return {
    body: { logs: [entry(), entry(more)] },
    status,
    field: `logs[1].${field}`,
  };
}

const entity = {
  org_id: expect.any(Number) as number,
  type: 'device',
  id: expect.any(String) as string,
  name: 'Front desk',
  created_at: expect.stringMatching(/Z$/) as string,
};

export const activityCases: RouteCases = {
  'PUT /entities/:type/:id': {
    example: () => ({ url: `/entities/device/${uniqueName('dev')}`, body: { name: 'Front desk' } }),
    status: 200,
    data: entity,
    orgIdIn: 'body',
    otherOrgStatus: 200,
    invalidRequests: {
      'no name': { body: {}, status: 400, field: 'name' },
      'a blank name': { body: { name: ' ' }, status: 400, field: 'name' },
      'an invalid name text': { body: { name: 'a\0b' }, status: 400, field: 'name' },
      'an invalid type': { url: '/entities/a%20b/1', status: 400, field: 'type' },
      'an invalid id': { url: '/entities/device/a%20b', status: 400, field: 'id' },
      'a user': { url: '/entities/user/1', status: 400, field: 'type' },
      'the reserved type imports': { url: '/entities/imports/1', status: 400, field: 'type' },
    },
  },
  'GET /entities': {
    async example(world) {
      const id = uniqueName('listed');
      await nameEntity(world, 'device', id);
      return { url: `/entities?type=device&text=${id}`, marker: `"${id}"` };
    },
    status: 200,
    data: [entity],
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: { 'an invalid type': { query: { type: 'a b' }, status: 400, field: 'type' } },
  },
  'GET /logs/*': {
    async example(world) {
      const message = uniqueName('line');
      const ref = `trunk/${uniqueName('read')}`;
      await postLog(world, ref, message);
      return { url: `/logs/${ref}?type=call`, marker: `"${message}"` };
    },
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: {
      'an unknown entity': { url: '/logs/trunk/nobody-knows-it', status: 404 },
      'an entity without an id': { url: '/logs/trunk', status: 400, field: 'entity' },
      'an entity with three parts': { url: '/logs/trunk/a/b', status: 400, field: 'entity' },
      'an invalid entity': { url: '/logs/trunk/a%00b', status: 400, field: 'entity' },
      'an invalid type': { query: { level: 'info', type: 'a b' }, status: 400, field: 'type' },
      'an invalid level': { query: { level: 'loud' }, status: 400, field: 'level' },
      'an invalid time': { query: { from: 'yesterday' }, status: 400, field: 'from' },
      'an end before the start': {
        query: { from: '2024-01-02T00:00:00Z', to: '2024-01-01T00:00:00Z' },
        status: 400,
        field: 'from',
      },
      'a limit above the maximum': { query: { limit: '501' }, status: 400, field: 'limit' },
      'a negative offset': { query: { offset: '-1' }, status: 400, field: 'offset' },
    },
  },
  'POST /logs/*': {
    example: () => ({ url: `/logs/trunk/${uniqueName('written')}`, body: { logs: [entry()] } }),
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'no logs': { body: {}, status: 400, field: 'logs' },
      'an empty list of logs': { body: { logs: [] }, status: 400, field: 'logs' },
      'an unknown user': { url: '/logs/user/999999', status: 404 },
      'an invalid gateway': { url: '/logs/gateway/gw', status: 404 },
      'an entity without an id': { url: '/logs/trunk', status: 400, field: 'entity' },
      'the reserved type imports': { url: '/logs/imports/1', status: 400, field: 'entity' },
      'no timestamp': invalidLog('timestamp', { timestamp: undefined }),
      'no type': invalidLog('type', { type: undefined }),
      'no message': invalidLog('message', { message: undefined }),
      'an invalid level': invalidLog('level', { level: 'loud' }),
      'details that are not an object': invalidLog('details', { details: [] }),
      'a timestamp in the future': invalidLog(
        'timestamp',
        { timestamp: new Date(Date.now() + 7 * 86_400_000).toISOString() },
        422,
      ),
    },
  },
  'GET /logs/imports/:id': {
    async example(world) {
      return {
        url: `/logs/imports/${await postLog(world, `trunk/${uniqueName('imported')}`, 'x')}`,
      };
    },
    status: 200,
    otherOrgStatus: 404,
    invalidRequests: { 'an invalid id': { url: '/logs/imports/import-1', status: 404 } },
  },
};
