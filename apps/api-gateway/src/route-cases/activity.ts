import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { fresh, type RouteCases } from './route-case.ts';

const entry = (more: object = {}) => ({
  timestamp: '2024-01-14T15:00:00Z',
  type: 'call',
  level: 'info',
  message: 'Call processed via trunk',
  details: { call_id: 'imported-001', duration: 120 },
  ...more,
});

const post = async ({ call, ours }: TestGateway, entity: string, message: string) => {
  const body = { logs: [entry({ message })] };
  const { json } = await call<{ import_id: string }>(`/logs/${entity}`, { as: ours.manager, body });
  return json.import_id;
};

const name = async ({ call, ours }: TestGateway, type: string, id: string) =>
  call(`/entities/${type}/${id}`, { method: 'PUT', as: ours.manager, body: { name: 'Front desk' } });

const mistake = (field: string, more: object, status = 400) => ({
  body: { logs: [entry(), entry(more)] },
  status,
  field: `logs[1].${field}`,
});

const entity = {
  org_id: expect.any(Number) as number,
  type: 'device',
  id: expect.any(String) as string,
  name: 'Front desk',
  created_at: expect.stringMatching(/Z$/) as string,
};

export const activityCases: RouteCases = {
  'PUT /entities/:type/:id': {
    example: () => ({ url: `/entities/device/${fresh('dev')}`, body: { name: 'Front desk' } }),
    status: 200,
    data: entity,
    orgId: 'body',
    elsewhere: 200,
    mistakes: {
      'no name': { body: {}, status: 400, field: 'name' },
      'a name of nothing': { body: { name: ' ' }, status: 400, field: 'name' },
      'a name that is no text': { body: { name: 'a\0b' }, status: 400, field: 'name' },
      'a type that is none': { url: '/entities/a%20b/1', status: 400, field: 'type' },
      'an id that is none': { url: '/entities/device/a%20b', status: 400, field: 'id' },
      'a user': { url: '/entities/user/1', status: 400, field: 'type' },
      'what stands for imports': { url: '/entities/imports/1', status: 400, field: 'type' },
    },
  },
  'GET /entities': {
    example: async (world) => {
      const id = fresh('listed');
      await name(world, 'device', id);
      return { url: `/entities?type=device&text=${id}`, mark: `"${id}"` };
    },
    status: 200,
    data: [entity],
    paged: true,
    orgId: 'query',
    elsewhere: 200,
    mistakes: { 'a type that is none': { query: { type: 'a b' }, status: 400, field: 'type' } },
  },
  'GET /logs/*': {
    example: async (world) => {
      const message = fresh('line');
      const ref = `trunk/${fresh('read')}`;
      await post(world, ref, message);
      return { url: `/logs/${ref}?type=call`, mark: `"${message}"` };
    },
    status: 200,
    orgId: 'query',
    elsewhere: 404,
    mistakes: {
      'an entity that nobody knows': { url: '/logs/trunk/nobody-knows-it', status: 404 },
      'an entity of one part': { url: '/logs/trunk', status: 400, field: 'entity' },
      'an entity of three': { url: '/logs/trunk/a/b', status: 400, field: 'entity' },
      'an entity that is no name': { url: '/logs/trunk/a%00b', status: 400, field: 'entity' },
      'a type that is none': { query: { level: 'info', type: 'a b' }, status: 400, field: 'type' },
      'a level that is none': { query: { level: 'loud' }, status: 400, field: 'level' },
      'a time that is none': { query: { from: 'yesterday' }, status: 400, field: 'from' },
      'an end before the start': {
        query: { from: '2024-01-02T00:00:00Z', to: '2024-01-01T00:00:00Z' },
        status: 400,
        field: 'from',
      },
      'a limit beyond all': { query: { limit: '501' }, status: 400, field: 'limit' },
      'an offset before the first': { query: { offset: '-1' }, status: 400, field: 'offset' },
    },
  },
  'POST /logs/*': {
    example: () => ({ url: `/logs/trunk/${fresh('written')}`, body: { logs: [entry()] } }),
    status: 200,
    orgId: 'query',
    elsewhere: 200,
    mistakes: {
      'no logs': { body: {}, status: 400, field: 'logs' },
      'logs of nothing': { body: { logs: [] }, status: 400, field: 'logs' },
      'a user who is none': { url: '/logs/user/999999', status: 404 },
      'a gateway that is none': { url: '/logs/gateway/gw', status: 404 },
      'an entity of one part': { url: '/logs/trunk', status: 400, field: 'entity' },
      'what stands for imports': { url: '/logs/imports/1', status: 400, field: 'entity' },
      'no timestamp': mistake('timestamp', { timestamp: undefined }),
      'no type': mistake('type', { type: undefined }),
      'no message': mistake('message', { message: undefined }),
      'a level that is none': mistake('level', { level: 'loud' }),
      'details that are no object': mistake('details', { details: [] }),
      'a line of next week': mistake(
        'timestamp',
        { timestamp: new Date(Date.now() + 7 * 86_400_000).toISOString() },
        422,
      ),
    },
  },
  'GET /logs/imports/:id': {
    example: async (world) => ({
      url: `/logs/imports/${await post(world, `trunk/${fresh('imported')}`, 'x')}`,
    }),
    status: 200,
    elsewhere: 404,
    mistakes: { 'an id that is none': { url: '/logs/imports/import-1', status: 404 } },
  },
};
