import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import type { RouteCase, RouteCases } from './route-case.ts';

let days = 0;
/** A day that no task has had before: two of one type on one day are a conflict. */
const freshDay = (): string => new Date((days += 1) * 86_400_000).toISOString().slice(0, 10);

function newTask() {
  const day = freshDay();
  return { task_type: 'reprocess', date_range: { start: day, end: day }, priority: 'low' };
}

/** One that waits: nobody works tasks off here. */
async function queueTask({ call, ours }: TestGateway): Promise<string> {
  const body = newTask();
  const { json } = await call<{ task_id: string }>('/cdrmunch/task', {
    method: 'PUT',
    as: ours.manager,
    body,
  });
  return json.task_id;
}

const queueTaskCase: RouteCase = {
  example: () => ({ url: '/cdrmunch/task', body: newTask() }),
  status: 200,
  otherOrgStatus: 200,
  invalidRequests: {
    'a type that is none': { body: { task_type: 'munch' }, status: 400, field: 'task_type' },
    'no type': { body: {}, status: 400, field: 'task_type' },
    'a priority that is none': {
      body: { task_type: 'process', priority: 'urgent' },
      status: 400,
      field: 'priority',
    },
    'a range that is none': {
      body: { task_type: 'process', date_range: 'all' },
      status: 400,
      field: 'date_range',
    },
    'a start that is none': {
      body: { task_type: 'process', date_range: { start: 'yesterday' } },
      status: 400,
      field: 'date_range.start',
    },
    'a day that is none': {
      body: { task_type: 'process', date_range: { end: '2024-02-30' } },
      status: 400,
      field: 'date_range.end',
    },
    'a time without offset': {
      body: { task_type: 'process', date_range: { end: '2024-02-01T10:00:00' } },
      status: 400,
      field: 'date_range.end',
    },
    'a start after the end': {
      body: { task_type: 'process', date_range: { start: '2024-01-16', end: '2024-01-15' } },
      status: 400,
      field: 'date_range.start',
    },
    'a cleanup of everything': { body: { task_type: 'cleanup' }, status: 400, field: 'date_range.end' },
    'a cleanup without an end': {
      body: { task_type: 'cleanup', date_range: { start: '2024-01-15' } },
      status: 400,
      field: 'date_range.end',
    },
    'an organization that is none': {
      body: { task_type: 'process', org_id: 0 },
      status: 400,
      field: 'org_id',
    },
    "another's organization": { body: { task_type: 'process', org_id: 1 }, status: 403 },
  },
};

export const taskCases: RouteCases = {
  'PUT /cdrmunch/task': queueTaskCase,
  'POST /cdrmunch/task': queueTaskCase,
  'GET /cdrmunch/task': {
    example: async (world) => ({ url: '/cdrmunch/task', marker: await queueTask(world) }),
    status: 200,
    orgIdIn: 'query',
    paginated: true,
    otherOrgStatus: 200,
    invalidRequests: {
      'a state that is none': { query: { state: 'asleep' }, status: 400, field: 'state' },
      'a type that is none': { query: { task_type: 'munch' }, status: 400, field: 'task_type' },
    },
  },
  'GET /cdrmunch/task/:id': {
    example: async (world) => ({ url: `/cdrmunch/task/${await queueTask(world)}` }),
    status: 200,
    data: { state: 'queued', priority: 'low', progress: 0, org_id: expect.any(Number) as number },
    otherOrgStatus: 404,
    invalidRequests: { 'an id that is none': { url: '/cdrmunch/task/1', status: 404 } },
  },
  'DELETE /cdrmunch/task/:id': {
    example: async (world) => ({ url: `/cdrmunch/task/${await queueTask(world)}` }),
    status: 204,
    otherOrgStatus: 404,
    invalidRequests: { 'an id that is none': { url: '/cdrmunch/task/1', status: 404 } },
  },
  'GET /tasks': {
    example: () => ({ url: '/tasks' }),
    status: 200,
    otherOrgStatus: 403,
  },
};
