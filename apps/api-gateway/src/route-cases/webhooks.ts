import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteRequest, type RouteCases } from './route-case.ts';

const UNKNOWN_ID = '019d5b5e-0000-7000-8000-000000000000';
const time = expect.stringMatching(/Z$/) as string;
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string;
const secret = expect.stringMatching(/^whsec_/) as string;

function newWebhook(more: object = {}) {
  return {
    url: 'https://hooks.example.com/oriontel',
    event_types: ['registration_failed', 'gateway_down'],
    description: 'On-call desk',
    ...more,
  };
}
const webhook = {
  id: uuid,
  org_id: expect.any(Number) as number,
  url: 'https://hooks.example.com/oriontel',
  event_types: ['registration_failed', 'gateway_down'],
  enabled: true,
  disabled_reason: null,
  consecutive_failures: 0,
  failing_since: null,
  last_success_at: null,
  last_failure_at: null,
  created_at: time,
  updated_at: time,
};
const delivery = {
  id: uuid,
  event_id: expect.stringMatching(/^test-/) as string,
  rule_id: null,
  type: 'webhook.test',
  timestamp: time,
  state: 'pending',
  attempts: 0,
  created_at: time,
  finished_at: null,
};

/** Deletes the webhooks of earlier cases: their number per organization is limited. */
async function deleteWebhooks({ db, ours, theirs }: TestGateway): Promise<void> {
  await db.webhook.deleteMany({ where: { orgId: { in: [1, ours.orgId, theirs.orgId] } } });
}

async function createWebhook(world: TestGateway, more: object = {}): Promise<string> {
  await deleteWebhooks(world);
  const { json } = await world.call<{ data: { id: string } }>('/webhooks', {
    as: world.ours.manager,
    body: newWebhook(more),
  });
  return json.data.id;
}
function webhookRequest(path: string, more: Partial<RouteRequest> = {}) {
  return async function buildWebhookRequest(world: TestGateway): Promise<RouteRequest> {
    return {
      url: `/webhooks/${await createWebhook(world)}${path}`,
      ...more,
    };
  };
}

async function deliveryRequest(world: TestGateway, path = ''): Promise<RouteRequest> {
  const id = await createWebhook(world);
  const { json } = await world.call<{ data: { id: string } }>(`/webhooks/${id}/test`, {
    method: 'POST',
    as: world.ours.manager,
  });
  return { url: `/webhooks/${id}/deliveries/${json.data.id}${path}`, marker: json.data.id };
}

function unknownIdRequests(path: string, more: object = {}) {
  return {
    'an unknown id': { url: `/webhooks/${UNKNOWN_ID}${path}`, status: 404, ...more },
    'an invalid id': { url: `/webhooks/1${path}`, status: 404, ...more },
  };
}

function invalidFields(build: (more: object) => object) {
  return {
    'an invalid url': { body: build({ url: 'hooks' }), status: 400, field: 'url' },
    'an ftp url': { body: build({ url: 'ftp://hooks.example.com/' }), status: 400, field: 'url' },
    'a javascript url': { body: build({ url: 'javascript:alert(1)' }), status: 400, field: 'url' },
    'a url with a password': {
      body: build({ url: 'https://a:b@hooks.example.com/' }),
      status: 400,
      field: 'url',
    },
    'a url that is too long': {
      body: build({ url: `https://a.example/${'x'.repeat(2_048)}` }),
      status: 400,
      field: 'url',
    },
    'an empty list of event types': { body: build({ event_types: [] }), status: 400, field: 'event_types' },
    'an invalid event type': {
      body: build({ event_types: ['a b'] }),
      status: 400,
      field: 'event_types',
    },
    'an event type with a wildcard': {
      body: build({ event_types: ['gateway_*'] }),
      status: 400,
      field: 'event_types',
    },
    'an invalid description text': {
      body: build({ description: 'a\0' }),
      status: 400,
      field: 'description',
    },
    'a secret that is too short': { body: build({ secret: 'whsec_c2hvcnQ=' }), status: 400, field: 'secret' },
    'a secret without the prefix': { body: build({ secret: 'x'.repeat(40) }), status: 400, field: 'secret' },
    'enabled that is not a boolean': { body: build({ enabled: 'yes' }), status: 400, field: 'enabled' },
  };
}

export const webhookCases: RouteCases = {
  'POST /webhooks': {
    async example(world) {
      await deleteWebhooks(world);
      return { url: '/webhooks', body: newWebhook() };
    },
    status: 201,
    data: { ...webhook, description: 'On-call desk', secret },
    orgIdIn: 'body',
    otherOrgStatus: 201,
    invalidRequests: {
      'no url': { body: newWebhook({ url: undefined }), status: 400, field: 'url' },
      'no event types': { body: newWebhook({ event_types: undefined }), status: 400, field: 'event_types' },
      'an id': { body: newWebhook({ id: UNKNOWN_ID }), status: 400, field: 'id' },
      ...invalidFields(newWebhook),
    },
  },
  'GET /webhooks': {
    async example(world) {
      const description = uniqueName('listed');
      await createWebhook(world, { description });
      return { url: '/webhooks', marker: `"${description}"` };
    },
    status: 200,
    data: [webhook],
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
  },
  'GET /webhooks/:id': {
    example: webhookRequest(''),
    status: 200,
    data: webhook,
    otherOrgStatus: 404,
    invalidRequests: unknownIdRequests(''),
  },
  'PUT /webhooks/:id': {
    example: webhookRequest('', { body: { event_types: ['*'], enabled: false, description: null } }),
    status: 200,
    data: { ...webhook, event_types: ['*'], enabled: false, description: null },
    otherOrgStatus: 404,
    invalidRequests: {
      'an empty body': { body: {}, status: 400 },
      'another organization': { body: { org_id: 1 }, status: 400, field: 'org_id' },
      ...unknownIdRequests(''),
      ...invalidFields((more) => more),
    },
  },
  'DELETE /webhooks/:id': {
    example: webhookRequest(''),
    status: 204,
    otherOrgStatus: 404,
    invalidRequests: unknownIdRequests(''),
  },
  'POST /webhooks/:id/secret': {
    example: webhookRequest('/secret', { body: {} }),
    status: 200,
    data: { ...webhook, secret },
    otherOrgStatus: 404,
    invalidRequests: {
      'a secret that is too short': { body: { secret: 'whsec_c2hvcnQ=' }, status: 400, field: 'secret' },
      ...unknownIdRequests('/secret'),
    },
  },
  'POST /webhooks/:id/test': {
    example: webhookRequest('/test'),
    status: 201,
    data: delivery,
    otherOrgStatus: 404,
    invalidRequests: unknownIdRequests('/test'),
  },
  'POST /webhooks/:id/replay': {
    example: webhookRequest('/replay', { body: { since: '2024-01-15T10:30:00Z' } }),
    status: 200,
    data: { pending: 0 },
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid time': { body: { since: 'yesterday' }, status: 400, field: 'since' },
      ...unknownIdRequests('/replay'),
    },
  },
  'GET /webhooks/:id/deliveries': {
    async example(world) {
      const { url, ...rest } = await deliveryRequest(world);
      return { url: url.replace(/\/[^/]*$/, ''), ...rest };
    },
    status: 200,
    data: [delivery],
    paginated: true,
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid state': { query: { state: 'lost' }, status: 400, field: 'state' },
      ...unknownIdRequests('/deliveries'),
    },
  },
  'GET /webhooks/:id/deliveries/:deliveryId': {
    example: (world) => deliveryRequest(world),
    status: 200,
    data: { ...delivery, tries: [] },
    otherOrgStatus: 404,
    invalidRequests: unknownIdRequests(`/deliveries/${UNKNOWN_ID}`),
  },
  'POST /webhooks/:id/deliveries/:deliveryId/replay': {
    example: (world) => deliveryRequest(world, '/replay'),
    status: 200,
    data: delivery,
    otherOrgStatus: 404,
    invalidRequests: unknownIdRequests(`/deliveries/${UNKNOWN_ID}/replay`),
  },
};
