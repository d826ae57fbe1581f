import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

const uuid7 = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string;
const time = expect.stringMatching(/Z$/) as string;
const UNKNOWN_ID = '019d5b5e-0000-7000-8000-000000000000';

function newExtension(more: object = {}) {
  return {
    extension_number: uniqueName('1001'),
    name: 'Reception',
    extension_type: 'sip',
    config_data: { context: 'default' },
    ...more,
  };
}
const extension = {
  id: uuid7,
  org_id: expect.any(Number) as number,
  extension_number: expect.any(String) as string,
  name: 'Reception',
  extension_type: 'sip',
  config_data: { context: 'default' },
  created_at: time,
  updated_at: time,
};

function newCall(more: object = {}) {
  return {
    caller_id: '+14155551234',
    recipient_id: '1001',
    start_time: '2024-01-15T10:30:00Z',
    status: 'active',
    ...more,
  };
}
const call = {
  id: uuid7,
  org_id: expect.any(Number) as number,
  call_id: null,
  caller_id: '+14155551234',
  recipient_id: '1001',
  start_time: '2024-01-15T10:30:00Z',
  end_time: null,
  duration: null,
  status: 'active',
  recording_path: null,
  created_at: time,
  updated_at: time,
};
const ending = {
  end_time: '2024-01-15T10:35:42Z',
  duration: 342,
  status: 'completed',
  recording_path: '/var/recordings/1.wav',
};

async function createResource(world: TestGateway, url: string, body: object): Promise<string> {
  const { json } = await world.call<{ data: { id: string } }>(url, { as: world.ours.manager, body });
  return json.data.id;
}

export const pbxCases: RouteCases = {
  'POST /extensions': {
    example: () => ({ url: '/extensions', body: newExtension() }),
    status: 201,
    data: extension,
    orgIdIn: 'body',
    otherOrgStatus: 201,
    invalidRequests: {
      'no number': {
        body: newExtension({ extension_number: undefined }),
        status: 400,
        field: 'extension_number',
      },
      'no name': { body: newExtension({ name: undefined }), status: 400, field: 'name' },
      'no type': { body: newExtension({ extension_type: undefined }), status: 400, field: 'extension_type' },
      'an invalid type': {
        body: newExtension({ extension_type: 'h323' }),
        status: 400,
        field: 'extension_type',
      },
      'settings that are not an object': {
        body: newExtension({ config_data: [] }),
        status: 400,
        field: 'config_data',
      },
      'an id': { body: newExtension({ id: UNKNOWN_ID }), status: 400, field: 'id' },
    },
  },
  'GET /extensions': {
    async example(world) {
      const extension_number = uniqueName('2001');
      await createResource(world, '/extensions', newExtension({ extension_number }));
      return { url: `/extensions?text=${extension_number}`, marker: `"${extension_number}"` };
    },
    status: 200,
    data: [extension],
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: { 'an invalid type': { query: { type: 'h323' }, status: 400, field: 'type' } },
  },
  'GET /extensions/:id': {
    async example(world) {
      return {
        url: `/extensions/${await createResource(world, '/extensions', newExtension())}`,
      };
    },
    status: 200,
    data: extension,
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/extensions/1001', status: 404 },
      'an unknown id': { url: `/extensions/${UNKNOWN_ID}`, status: 404 },
    },
  },
  'PUT /extensions/:id': {
    async example(world) {
      return {
        url: `/extensions/${await createResource(world, '/extensions', newExtension())}`,
        body: { name: 'Lobby', extension_type: 'custom', config_data: { ring: 20 } },
      };
    },
    status: 200,
    data: { ...extension, name: 'Lobby', extension_type: 'custom', config_data: { ring: 20 } },
    otherOrgStatus: 404,
    invalidRequests: {
      'an empty body': { body: {}, status: 400 },
      'an unknown id': { url: `/extensions/${UNKNOWN_ID}`, body: { name: 'x' }, status: 404 },
      'an invalid type': { body: { extension_type: 'h323' }, status: 400, field: 'extension_type' },
      'another organization': { body: { org_id: 1 }, status: 400, field: 'org_id' },
      'another id': { body: { id: UNKNOWN_ID }, status: 400, field: 'id' },
    },
  },
  'DELETE /extensions/:id': {
    async example(world) {
      return {
        url: `/extensions/${await createResource(world, '/extensions', newExtension())}`,
      };
    },
    status: 204,
    otherOrgStatus: 404,
    invalidRequests: { 'an unknown id': { url: `/extensions/${UNKNOWN_ID}`, status: 404 } },
  },
  'POST /calls': {
    example: () => ({ url: '/calls', body: newCall() }),
    status: 201,
    data: call,
    orgIdIn: 'body',
    otherOrgStatus: 201,
    invalidRequests: {
      'no caller': { body: newCall({ caller_id: undefined }), status: 400, field: 'caller_id' },
      'no recipient': { body: newCall({ recipient_id: undefined }), status: 400, field: 'recipient_id' },
      'a time without offset': {
        body: newCall({ start_time: '2024-01-15T10:30:00' }),
        status: 400,
        field: 'start_time',
      },
      'an invalid status': { body: newCall({ status: 'ringing' }), status: 400, field: 'status' },
      'an id': { body: newCall({ id: UNKNOWN_ID }), status: 400, field: 'id' },
    },
  },
  'GET /calls': {
    async example(world) {
      const call_id = uniqueName('call');
      await createResource(world, '/calls', newCall({ call_id }));
      return { url: `/calls?limit=100&offset=0&call_id=${call_id}`, marker: `"${call_id}"` };
    },
    status: 200,
    data: [{ ...call, call_id: expect.any(String) as string }],
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'an invalid status': { query: { status: 'ringing' }, status: 400, field: 'status' },
    },
  },
  'GET /calls/active': {
    async example(world) {
      const call_id = uniqueName('active');
      const start_time = new Date().toISOString();
      await createResource(world, '/calls', newCall({ call_id, start_time }));
      return { url: '/calls/active', marker: `"${call_id}"` };
    },
    status: 200,
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
  },
  'GET /calls/:id': {
    example: async (world) => ({ url: `/calls/${await createResource(world, '/calls', newCall())}` }),
    status: 200,
    data: call,
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/calls/1', status: 404 },
      'an unknown id': { url: `/calls/${UNKNOWN_ID}`, status: 404 },
    },
  },
  'PUT /calls/:id': {
    async example(world) {
      return {
        url: `/calls/${await createResource(world, '/calls', newCall())}`,
        body: ending,
      };
    },
    status: 200,
    data: { ...call, ...ending },
    otherOrgStatus: 404,
    invalidRequests: {
      'an empty body': { body: {}, status: 400 },
      'an unknown id': { url: `/calls/${UNKNOWN_ID}`, body: ending, status: 404 },
      'an end before its start': {
        body: { end_time: '2024-01-15T10:29:59Z', status: 'completed' },
        status: 400,
        field: 'end_time',
      },
      'an end without a status': { body: { end_time: ending.end_time }, status: 400, field: 'status' },
      'a negative duration': { body: { ...ending, duration: -1 }, status: 400, field: 'duration' },
      'another caller': { body: { caller_id: '1' }, status: 400, field: 'caller_id' },
    },
  },
};
