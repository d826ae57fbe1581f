import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

const time = expect.stringMatching(/Z$/) as string;

function newGateway(more: object = {}) {
  return {
    id: uniqueName('gateway-east'),
    name: 'East Coast Primary Gateway',
    host: 'sip-east.example.com',
    ...more,
  };
}
const gateway = {
  id: expect.any(String) as string,
  org_id: expect.any(Number) as number,
  name: 'East Coast Primary Gateway',
  host: 'sip-east.example.com',
  port: 5060,
  transport: 'udp',
  interval_seconds: 60,
  timeout_ms: 5_000,
  ok_codes: [],
  failures_to_down: 3,
  successes_to_up: 2,
  enabled: true,
  created_at: time,
  updated_at: time,
};

async function createGateway(world: TestGateway, more: object = {}): Promise<string> {
  const body = newGateway(more);
  await world.call('/gateways', { as: world.ours.manager, body });
  return body.id;
}

function invalidField(field: string, value: unknown) {
  return {
    body: newGateway({ [field]: value }),
    status: 400,
    field,
  };
}
const report = { details: { latency_ms: 23, packet_loss: 0, jitter_ms: 2 }, source: 'monitor-node-01' };
function invalidDetail(field: string, value: unknown) {
  return {
    body: { details: { [field]: value } },
    status: 400,
    field: `details.${field}`,
  };
}

export const sipGatewayCases: RouteCases = {
  'POST /gateways': {
    example: () => ({ url: '/gateways', body: newGateway() }),
    status: 201,
    data: gateway,
    orgIdIn: 'body',
    otherOrgStatus: 201,
    invalidRequests: {
      'no id': invalidField('id', undefined),
      'an id that is no name': invalidField('id', 'a b'),
      'no name': invalidField('name', undefined),
      'no host': invalidField('host', undefined),
      'a host with its port': invalidField('host', 'sip.example.com:5060'),
      'port 0': invalidField('port', 0),
      'a transport that is none': invalidField('transport', 'sctp'),
      'an interval of no time': invalidField('interval_seconds', 4),
      'an interval of more than an hour': invalidField('interval_seconds', 3_601),
      'a timeout beyond the interval': {
        body: newGateway({ interval_seconds: 5, timeout_ms: 5_001 }),
        status: 400,
        field: 'timeout_ms',
      },
      'a code that is no final answer': {
        body: newGateway({ ok_codes: [180] }),
        status: 400,
        field: 'ok_codes',
      },
      'no failure that is enough': invalidField('failures_to_down', 0),
      'half a success': invalidField('successes_to_up', 1.5),
      'enabled by a word': invalidField('enabled', 'yes'),
    },
  },
  'GET /gateways': {
    async example(world) {
      const id = await createGateway(world);
      return { url: `/gateways?text=${id}`, marker: `"${id}"` };
    },
    status: 200,
    data: [gateway],
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'neither true nor false': { query: { enabled: 'maybe' }, status: 400, field: 'enabled' },
    },
  },
  'GET /gateways/:id': {
    example: async (world) => ({ url: `/gateways/${await createGateway(world)}` }),
    status: 200,
    data: gateway,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: { 'the id of none': { url: '/gateways/nowhere', status: 404 } },
  },
  'PUT /gateways/:id': {
    async example(world) {
      return {
        url: `/gateways/${await createGateway(world)}`,
        body: { name: 'West', port: null, ok_codes: [404, 200, 404] },
      };
    },
    status: 200,
    data: { ...gateway, name: 'West', port: null, ok_codes: [200, 404] },
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: {
      nothing: { body: {}, status: 400 },
      'the id of none': { url: '/gateways/nowhere', body: { name: 'x' }, status: 404 },
      'another id': { body: { id: 'x' }, status: 400, field: 'id' },
      'another organization': { body: { org_id: 1 }, status: 400, field: 'org_id' },
      'a host that is none': { body: { host: '../etc' }, status: 400, field: 'host' },
      'an interval below its timeout': {
        body: { interval_seconds: 5, timeout_ms: 6_000 },
        status: 400,
        field: 'timeout_ms',
      },
    },
  },
  'DELETE /gateways/:id': {
    example: async (world) => ({ url: `/gateways/${await createGateway(world)}` }),
    status: 204,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: { 'the id of none': { url: '/gateways/nowhere', status: 404 } },
  },
  'GET /sipgwping/:entity': {
    async example(world) {
      const name = uniqueName('East Coast');
      await createGateway(world, { name });
      const query = 'include_history=true&history_hours=6';
      return { url: `/sipgwping/${encodeURIComponent(name)}?${query}`, marker: `"${name}"` };
    },
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: {
      'a gateway that is none': { url: '/sipgwping/nowhere', status: 404 },
      'hours of no time': { query: { history_hours: '0' }, status: 400, field: 'history_hours' },
      'hours of more than a month': { query: { history_hours: '721' }, status: 400, field: 'history_hours' },
      'a history of maybe': {
        url: '/sipgwping/nowhere?include_history=maybe',
        status: 400,
        field: 'include_history',
      },
    },
  },
  'POST /sipgwping/:entity/:param1/:param2': {
    example: async (world) => ({ url: `/sipgwping/${await createGateway(world)}/up/23`, body: report }),
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: {
      'a gateway that is none': { url: '/sipgwping/nowhere/up/23', status: 404 },
      'a status that is none': { url: '/sipgwping/nowhere/sideways/23', status: 400, field: 'param1' },
      'a latency that is none': invalidDetail('latency_ms', 'fast'),
      'a loss of everything and more': invalidDetail('packet_loss', 100.1),
      'a jitter of less than nothing': invalidDetail('jitter_ms', -1),
      'an error that is no text': invalidDetail('error_message', 503),
      'details that are no object': { body: { details: [] }, status: 400, field: 'details' },
      'a source that is no text': { body: { source: { a: 1 } }, status: 400, field: 'source' },
      'no object': { body: [], status: 400 },
    },
  },
  'POST /sipgwping/:entity/:param1': {
    example: async (world) => ({ url: `/sipgwping/${await createGateway(world)}/down` }),
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: {
      'a gateway that is none': { url: '/sipgwping/nowhere/up', status: 404 },
      'a status that is none': { url: '/sipgwping/nowhere/unknown', status: 400, field: 'param1' },
    },
  },
};
