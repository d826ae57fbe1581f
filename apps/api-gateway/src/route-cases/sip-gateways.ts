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
      'an invalid id': invalidField('id', 'a b'),
      'no name': invalidField('name', undefined),
      'no host': invalidField('host', undefined),
      'a host with its port': invalidField('host', 'sip.example.com:5060'),
      'port 0': invalidField('port', 0),
      'an invalid transport': invalidField('transport', 'sctp'),
      'an interval below the minimum': invalidField('interval_seconds', 4),
      'an interval above the maximum': invalidField('interval_seconds', 3_601),
      'a timeout longer than the interval': {
        body: newGateway({ interval_seconds: 5, timeout_ms: 5_001 }),
        status: 400,
        field: 'timeout_ms',
      },
      'a code that is not final': {
        body: newGateway({ ok_codes: [180] }),
        status: 400,
        field: 'ok_codes',
      },
      'failures_to_down 0': invalidField('failures_to_down', 0),
      'successes_to_up 1.5': invalidField('successes_to_up', 1.5),
      'enabled that is not a boolean': invalidField('enabled', 'yes'),
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
      'a flag that is not a boolean': { query: { enabled: 'maybe' }, status: 400, field: 'enabled' },
    },
  },
  'GET /gateways/:id': {
    example: async (world) => ({ url: `/gateways/${await createGateway(world)}` }),
    status: 200,
    data: gateway,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: { 'an unknown id': { url: '/gateways/nowhere', status: 404 } },
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
      'an empty body': { body: {}, status: 400 },
      'an unknown id': { url: '/gateways/nowhere', body: { name: 'x' }, status: 404 },
      'another id': { body: { id: 'x' }, status: 400, field: 'id' },
      'another organization': { body: { org_id: 1 }, status: 400, field: 'org_id' },
      'an invalid host': { body: { host: '../etc' }, status: 400, field: 'host' },
      'an interval shorter than the timeout': {
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
    invalidRequests: { 'an unknown id': { url: '/gateways/nowhere', status: 404 } },
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
      'an invalid gateway': { url: '/sipgwping/nowhere', status: 404 },
      'history_hours 0': { query: { history_hours: '0' }, status: 400, field: 'history_hours' },
      'history_hours above the maximum': {
        query: { history_hours: '721' },
        status: 400,
        field: 'history_hours',
      },
      'an include_history that is not a boolean': {
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
      'an invalid gateway': { url: '/sipgwping/nowhere/up/23', status: 404 },
      'an invalid status': { url: '/sipgwping/nowhere/sideways/23', status: 400, field: 'param1' },
      'an invalid latency': invalidDetail('latency_ms', 'fast'),
      'a loss above 100 %': invalidDetail('packet_loss', 100.1),
      'a negative jitter': invalidDetail('jitter_ms', -1),
      'an invalid error text': invalidDetail('error_message', 503),
      'details that are not an object': { body: { details: [] }, status: 400, field: 'details' },
      'an invalid source text': { body: { source: { a: 1 } }, status: 400, field: 'source' },
      'a body that is not an object': { body: [], status: 400 },
    },
  },
  'POST /sipgwping/:entity/:param1': {
    example: async (world) => ({ url: `/sipgwping/${await createGateway(world)}/down` }),
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid gateway': { url: '/sipgwping/nowhere/up', status: 404 },
      'an invalid status': { url: '/sipgwping/nowhere/unknown', status: 400, field: 'param1' },
    },
  },
};
