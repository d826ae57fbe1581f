import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

function newEvent(more: object = {}) {
  return {
    type: 'device_offline',
    data: { device_id: 'dev-001', device_name: 'Desk Phone', reason: 'timeout' },
    ...more,
  };
}

/** Creates a device of `ours`. */
async function createDevice({ call, ours }: TestGateway): Promise<string> {
  const ref = `device/${uniqueName('dev')}`;
  await call(`/entities/${ref}`, { method: 'PUT', as: ours.manager, body: { name: 'Desk Phone' } });
  return ref;
}

const invalidEvent = (field: string, more: object) => ({ body: newEvent(more), status: 400, field });
const nextWeek = new Date(Date.now() + 7 * 86_400_000).toISOString();

export const eventCases: RouteCases = {
  'GET /events/*': {
    async example(world) {
      const ref = await createDevice(world);
      const mark = uniqueName('happened');
      const body = newEvent({ data: { mark } });
      await world.call(`/events/${ref}`, { method: 'PUT', as: world.ours.manager, body });
      return { url: `/events/${ref}?type=device_offline&limit=25`, marker: `"${mark}"` };
    },
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: {
      'an unknown entity': { url: '/events/device/nobody-knows-it', status: 404 },
      'an entity without an id': { url: '/events/device', status: 400, field: 'entity' },
      'an entity with three parts': { url: '/events/device/a/b', status: 400, field: 'entity' },
      'an invalid entity': { url: '/events/device/a%00b', status: 400, field: 'entity' },
      'an invalid type': { url: '/events/device/x?type=a%20b', status: 400, field: 'type' },
      'an invalid time': { query: { since: 'yesterday' }, status: 400, field: 'since' },
      'a limit above the maximum': { url: '/events/device/x?limit=501', status: 400, field: 'limit' },
      'limit 0': { url: '/events/device/x?limit=0', status: 400, field: 'limit' },
    },
  },
  'PUT /events/*': {
    example: async (world) => ({ url: `/events/${await createDevice(world)}`, body: newEvent() }),
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    // A plain user may only report events of itself.
    statusOverrides: { member: 403 },
    invalidRequests: {
      'an unknown entity': { url: '/events/device/nobody-knows-it', status: 404 },
      'an unknown user': { url: '/events/user/999999', status: 404 },
      'an entity without an id': { url: '/events/device', status: 400, field: 'entity' },
      'the reserved type imports': { url: '/events/imports/1', status: 400, field: 'entity' },
      'no type': invalidEvent('type', { type: undefined }),
      'an invalid type': invalidEvent('type', { type: 'a b' }),
      'no data': invalidEvent('data', { data: undefined }),
      'data that is not an object': invalidEvent('data', { data: [] }),
      'an invalid time': invalidEvent('timestamp', { timestamp: 'now' }),
      'a timestamp in the future': invalidEvent('timestamp', { timestamp: nextWeek }),
      'an invalid notify': invalidEvent('notify', { notify: 'yes' }),
    },
  },
};
