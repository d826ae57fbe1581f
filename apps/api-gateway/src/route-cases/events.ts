import type { TestGateway } from '../testing.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

function newEvent(more: object = {}) {
  return {
    type: 'device_offline',
    data: { device_id: 'dev-001', device_name: 'Desk Phone', reason: 'timeout' },
    ...more,
  };
}

/** A device of ours that nobody had before. */
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
      'an entity that nobody knows': { url: '/events/device/nobody-knows-it', status: 404 },
      'an entity of one part': { url: '/events/device', status: 400, field: 'entity' },
      'an entity of three': { url: '/events/device/a/b', status: 400, field: 'entity' },
      'an entity that is no name': { url: '/events/device/a%00b', status: 400, field: 'entity' },
      'a type that is none': { url: '/events/device/x?type=a%20b', status: 400, field: 'type' },
      'a time that is none': { query: { since: 'yesterday' }, status: 400, field: 'since' },
      'a limit beyond all': { url: '/events/device/x?limit=501', status: 400, field: 'limit' },
      'a limit of none': { url: '/events/device/x?limit=0', status: 400, field: 'limit' },
    },
  },
  'PUT /events/*': {
    example: async (world) => ({ url: `/events/${await createDevice(world)}`, body: newEvent() }),
    status: 200,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    // A plain user tells of itself alone.
    statusOverrides: { member: 403 },
    invalidRequests: {
      'an entity that nobody knows': { url: '/events/device/nobody-knows-it', status: 404 },
      'a user who is none': { url: '/events/user/999999', status: 404 },
      'an entity of one part': { url: '/events/device', status: 400, field: 'entity' },
      'what stands for imports': { url: '/events/imports/1', status: 400, field: 'entity' },
      'no type': invalidEvent('type', { type: undefined }),
      'a type that is none': invalidEvent('type', { type: 'a b' }),
      'no data': invalidEvent('data', { data: undefined }),
      'data that are no object': invalidEvent('data', { data: [] }),
      'a time that is none': invalidEvent('timestamp', { timestamp: 'now' }),
      'a time of next week': invalidEvent('timestamp', { timestamp: nextWeek }),
      'a notify that is none': invalidEvent('notify', { notify: 'yes' }),
    },
  },
};
