import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

function newEvent(more: object = {}) {
  return {
    event_type: 'config_change',
    description: 'Updated outbound dialing rules',
    ...more,
  };
}
const pathOf = ({ ours }: TestGateway): string => `/eventlog/${ours.orgId}`;

async function writeEvent(world: TestGateway, more: object): Promise<string> {
  const { json } = await world.call<{ event_log_id: string }>(pathOf(world), {
    method: 'PUT',
    as: world.ours.manager,
    body: newEvent(more),
  });
  return json.event_log_id;
}

const invalidOrganizations = {
  'an invalid organization': { url: '/eventlog/ours', status: 400, field: 'orgId' },
  'organization 0': { url: '/eventlog/0', status: 400, field: 'orgId' },
  'an organization above the maximum': { url: '/eventlog/2147483648', status: 400, field: 'orgId' },
  'a hexadecimal organization': { url: '/eventlog/0x1', status: 400, field: 'orgId' },
  'an organization with SQL': { url: '/eventlog/1%20OR%201=1', status: 400, field: 'orgId' },
  'an organization with a path': { url: '/eventlog/..%2F..%2Fusers', status: 400, field: 'orgId' },
  'another organization': { url: '/eventlog/1', status: 403 },
};

export const eventlogCases: RouteCases = {
  'PUT /eventlog/:orgId': {
    example: (world) => ({ url: pathOf(world), body: newEvent() }),
    status: 200,
    statusOverrides: { unassigned: 403 },
    otherOrgStatus: 403,
    invalidRequests: {
      ...invalidOrganizations,
      'no event_type': { body: { description: 'x' }, status: 400, field: 'event_type' },
      'an invalid event_type': {
        body: newEvent({ event_type: 'a b' }),
        status: 400,
        field: 'event_type',
      },
      'no description': { body: { event_type: 'x' }, status: 400, field: 'description' },
      'an empty description': { body: newEvent({ description: '' }), status: 400, field: 'description' },
      'a description that is too long': {
        body: newEvent({ description: 'x'.repeat(4_097) }),
        status: 400,
        field: 'description',
      },
      'a NUL in the description': {
        body: newEvent({ description: 'a\0b' }),
        status: 400,
        field: 'description',
      },
      'a lone surrogate': { body: newEvent({ description: '\ud800' }), status: 400, field: 'description' },
      'an invalid severity': { body: newEvent({ severity: 'fatal' }), status: 400, field: 'severity' },
      'an actor that is not a number': { body: newEvent({ actor_id: '1' }), status: 400, field: 'actor_id' },
      'an actor_id above the maximum': {
        body: newEvent({ actor_id: 2 ** 31 }),
        status: 400,
        field: 'actor_id',
      },
      'an invalid actor_type': {
        body: newEvent({ actor_type: 'god' }),
        status: 400,
        field: 'actor_type',
      },
      'an invalid resource_type': {
        body: newEvent({ resource_type: 'a/b' }),
        status: 400,
        field: 'resource_type',
      },
      'an invalid resource_id': {
        body: newEvent({ resource_id: '../x' }),
        status: 400,
        field: 'resource_id',
      },
      'metadata that is a list': { body: newEvent({ metadata: [] }), status: 400, field: 'metadata' },
      'a NUL in the metadata': { body: newEvent({ metadata: { a: '\0' } }), status: 400, field: 'metadata' },
      'an invalid address': {
        body: newEvent({ ip_address: '1.2.3' }),
        status: 400,
        field: 'ip_address',
      },
      'an address with a zone': {
        body: newEvent({ ip_address: 'fe80::1%eth0' }),
        status: 400,
        field: 'ip_address',
      },
      'an address with a mask': {
        body: newEvent({ ip_address: '10.0.0.0/8' }),
        status: 400,
        field: 'ip_address',
      },
    },
  },
  'GET /eventlog/:orgId/:eventLogId': {
    async example(world) {
      const id = await writeEvent(world, {});
      return { url: `${pathOf(world)}/${id}`, marker: id };
    },
    status: 200,
    otherOrgStatus: 403,
    invalidRequests: {
      'an invalid organization': {
        url: '/eventlog/ours/evt-20240115-abc123',
        status: 400,
        field: 'orgId',
      },
      'another organization': { url: '/eventlog/1/evt-20240115-abc123', status: 403 },
    },
  },
  'POST /eventlog/:orgId': {
    example: (world) => ({ url: pathOf(world), body: { page: 1, event_types: [uniqueName('never')] } }),
    status: 200,
    otherOrgStatus: 403,
    invalidRequests: {
      ...invalidOrganizations,
      'an invalid sort_by': { body: { sort_by: 'org_id' }, status: 400, field: 'sort_by' },
      'a sort_by with SQL': {
        body: { sort_by: 'created_at; DROP TABLE audit_events' },
        status: 400,
        field: 'sort_by',
      },
      'a sort_by that is a path': { body: { sort_by: '../../etc/passwd' }, status: 400, field: 'sort_by' },
      'a sort_by of the prototype': { body: { sort_by: 'constructor' }, status: 400, field: 'sort_by' },
      'a sort_order with SQL': { body: { sort_order: 'asc, (SELECT 1)' }, status: 400, field: 'sort_order' },
      'page 0': { body: { page: 0 }, status: 400, field: 'page' },
      'page 1.5': { body: { page: 1.5 }, status: 400, field: 'page' },
      'a page above the maximum': { body: { page: 201, per_page: 50 }, status: 400, field: 'cursor' },
      'per_page 0': { body: { per_page: 0 }, status: 400, field: 'per_page' },
      'a per_page above the maximum': { body: { per_page: 501 }, status: 400, field: 'per_page' },
      'an invalid event type': {
        body: { event_types: ["'--"] },
        status: 400,
        field: 'event_types[0]',
      },
      'event types that are not a list': {
        body: { event_types: 'security' },
        status: 400,
        field: 'event_types',
      },
      'an invalid severity': { body: { severities: ['fatal'] }, status: 400, field: 'severities[0]' },
      'an actor that is not a number': { body: { actor_id: '1 OR 1=1' }, status: 400, field: 'actor_id' },
      'an invalid actor_type': { body: { actor_type: 'god' }, status: 400, field: 'actor_type' },
      'an invalid resource_id': { body: { resource_id: '../x' }, status: 400, field: 'resource_id' },
      'an invalid date': { body: { date_from: 'yesterday' }, status: 400, field: 'date_from' },
      'a date without offset': { body: { date_to: '2024-01-15T10:30:00' }, status: 400, field: 'date_to' },
      'an end before the start': {
        body: { date_from: '2024-01-16T00:00:00Z', date_to: '2024-01-15T00:00:00Z' },
        status: 400,
        field: 'date_to',
      },
      'a text that is too long': {
        body: { search_text: 'x'.repeat(1_001) },
        status: 400,
        field: 'search_text',
      },
      'an invalid text': { body: { search_text: ['x'] }, status: 400, field: 'search_text' },
      'an invalid address': { body: { ip_address: "1.2.3.4'" }, status: 400, field: 'ip_address' },
      'an invalid cursor': { body: { cursor: 'x' }, status: 400, field: 'cursor' },
    },
  },
};
