import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { fresh, type Request, type RouteCases } from './route-case.ts';

const nowhere = '019d5b5e-0000-7000-8000-000000000000';
const time = expect.stringMatching(/Z$/) as string;
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string;
const secret = expect.stringMatching(/^whsec_/) as string;

const newWebhook = (more: object = {}) => ({
  url: 'https://hooks.example.com/oriontel',
  event_types: ['registration_failed', 'gateway_down'],
  description: 'On-call desk',
  ...more,
});
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

/** There is room for so many only: those of earlier cases go. */
const makeRoom = async ({ db, ours, theirs }: TestGateway): Promise<void> => {
  await db.webhook.deleteMany({ where: { orgId: { in: [1, ours.orgId, theirs.orgId] } } });
};

const make = async (world: TestGateway, more: object = {}): Promise<string> => {
  await makeRoom(world);
  const { json } = await world.call<{ data: { id: string } }>('/webhooks', {
    as: world.ours.manager,
    body: newWebhook(more),
  });
  return json.data.id;
};
const one =
  (path: string, more: Partial<Request> = {}) =>
  async (world: TestGateway): Promise<Request> => ({ url: `/webhooks/${await make(world)}${path}`, ...more });

const tested = async (world: TestGateway, path = ''): Promise<Request> => {
  const id = await make(world);
  const { json } = await world.call<{ data: { id: string } }>(`/webhooks/${id}/test`, {
    method: 'POST',
    as: world.ours.manager,
  });
  return { url: `/webhooks/${id}/deliveries/${json.data.id}${path}`, mark: json.data.id };
};

const none = (path: string, more: object = {}) => ({
  'the id of none': { url: `/webhooks/${nowhere}${path}`, status: 404, ...more },
  'an id that is none': { url: `/webhooks/1${path}`, status: 404, ...more },
});

const badFields = (build: (more: object) => object) => ({
  'a url that is none': { body: build({ url: 'hooks' }), status: 400, field: 'url' },
  'a url of another kind': { body: build({ url: 'ftp://hooks.example.com/' }), status: 400, field: 'url' },
  'a url that runs': { body: build({ url: 'javascript:alert(1)' }), status: 400, field: 'url' },
  'a url with a password': {
    body: build({ url: 'https://a:b@hooks.example.com/' }),
    status: 400,
    field: 'url',
  },
  'a url too long': {
    body: build({ url: `https://a.example/${'x'.repeat(2_048)}` }),
    status: 400,
    field: 'url',
  },
  'event types of nothing': { body: build({ event_types: [] }), status: 400, field: 'event_types' },
  'an event type that is none': { body: build({ event_types: ['a b'] }), status: 400, field: 'event_types' },
  'a part of a name': { body: build({ event_types: ['gateway_*'] }), status: 400, field: 'event_types' },
  'a description that is no text': { body: build({ description: 'a\0' }), status: 400, field: 'description' },
  'a secret too short': { body: build({ secret: 'whsec_c2hvcnQ=' }), status: 400, field: 'secret' },
  'a secret of another form': { body: build({ secret: 'x'.repeat(40) }), status: 400, field: 'secret' },
  'enabled by a word': { body: build({ enabled: 'yes' }), status: 400, field: 'enabled' },
});

export const webhookCases: RouteCases = {
  'POST /webhooks': {
    example: async (world) => {
      await makeRoom(world);
      return { url: '/webhooks', body: newWebhook() };
    },
    status: 201,
    data: { ...webhook, description: 'On-call desk', secret },
    orgId: 'body',
    elsewhere: 201,
    mistakes: {
      'no url': { body: newWebhook({ url: undefined }), status: 400, field: 'url' },
      'no event types': { body: newWebhook({ event_types: undefined }), status: 400, field: 'event_types' },
      'an id of its own choice': { body: newWebhook({ id: nowhere }), status: 400, field: 'id' },
      ...badFields(newWebhook),
    },
  },
  'GET /webhooks': {
    example: async (world) => {
      const description = fresh('listed');
      await make(world, { description });
      return { url: '/webhooks', mark: `"${description}"` };
    },
    status: 200,
    data: [webhook],
    paged: true,
    orgId: 'query',
    elsewhere: 200,
  },
  'GET /webhooks/:id': { example: one(''), status: 200, data: webhook, elsewhere: 404, mistakes: none('') },
  'PUT /webhooks/:id': {
    example: one('', { body: { event_types: ['*'], enabled: false, description: null } }),
    status: 200,
    data: { ...webhook, event_types: ['*'], enabled: false, description: null },
    elsewhere: 404,
    mistakes: {
      nothing: { body: {}, status: 400 },
      'another organization': { body: { org_id: 1 }, status: 400, field: 'org_id' },
      ...none(''),
      ...badFields((more) => more),
    },
  },
  'DELETE /webhooks/:id': { example: one(''), status: 204, elsewhere: 404, mistakes: none('') },
  'POST /webhooks/:id/secret': {
    example: one('/secret', { body: {} }),
    status: 200,
    data: { ...webhook, secret },
    elsewhere: 404,
    mistakes: {
      'a secret too short': { body: { secret: 'whsec_c2hvcnQ=' }, status: 400, field: 'secret' },
      ...none('/secret'),
    },
  },
  'POST /webhooks/:id/test': {
    example: one('/test'),
    status: 201,
    data: delivery,
    elsewhere: 404,
    mistakes: none('/test'),
  },
  'POST /webhooks/:id/replay': {
    example: one('/replay', { body: { since: '2024-01-15T10:30:00Z' } }),
    status: 200,
    data: { pending: 0 },
    elsewhere: 404,
    mistakes: {
      'a time that is none': { body: { since: 'yesterday' }, status: 400, field: 'since' },
      ...none('/replay'),
    },
  },
  'GET /webhooks/:id/deliveries': {
    example: async (world) => {
      const { url, ...rest } = await tested(world);
      return { url: url.replace(/\/[^/]*$/, ''), ...rest };
    },
    status: 200,
    data: [delivery],
    paged: true,
    elsewhere: 404,
    mistakes: {
      'a state that is none': { query: { state: 'lost' }, status: 400, field: 'state' },
      ...none('/deliveries'),
    },
  },
  'GET /webhooks/:id/deliveries/:deliveryId': {
    example: (world) => tested(world),
    status: 200,
    data: { ...delivery, tries: [] },
    elsewhere: 404,
    mistakes: none(`/deliveries/${nowhere}`),
  },
  'POST /webhooks/:id/deliveries/:deliveryId/replay': {
    example: (world) => tested(world, '/replay'),
    status: 200,
    data: delivery,
    elsewhere: 404,
    mistakes: none(`/deliveries/${nowhere}/replay`),
  },
};
