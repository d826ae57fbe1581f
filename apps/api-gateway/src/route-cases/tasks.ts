import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import type { RouteCase, RouteCases } from './route-case.ts';

let days = 0;
/** A day without tasks: two tasks of one type on the same day are a conflict. */
const freshDay = (): string => new Date((days += 1) * 86_400_000).toISOString().slice(0, 10);

function newTask() {
  const day = freshDay();
  return { task_type: 'reprocess', date_range: { start: day, end: day }, priority: 'low' };
}

/** Queues a task, which stays queued: no worker runs here. */
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
    'an invalid type': { body: { task_type: 'munch' }, status: 400, field: 'task_type' },
    'no type': { body: {}, status: 400, field: 'task_type' },
    'an invalid priority': {
      body: { task_type: 'process', priority: 'urgent' },
      status: 400,
      field: 'priority',
    },
    'an invalid range': {
      body: { task_type: 'process', date_range: 'all' },
      status: 400,
      field: 'date_range',
    },
    'an invalid start': {
      body: { task_type: 'process', date_range: { start: 'yesterday' } },
      status: 400,
      field: 'date_range.start',
    },
    'an invalid day': {
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
    'a cleanup without a range': { body: { task_type: 'cleanup' }, status: 400, field: 'date_range.end' },
    'a cleanup without an end': {
      body: { task_type: 'cleanup', date_range: { start: '2024-01-15' } },
      status: 400,
      field: 'date_range.end',
    },
    'an invalid organization': {
      body: { task_type: 'process', org_id: 0 },
      status: 400,
      field: 'org_id',
    },
    'another organization': { body: { task_type: 'process', org_id: 1 }, status: 403 },
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
      'an invalid state': { query: { state: 'asleep' }, status: 400, field: 'state' },
      'an invalid type': { query: { task_type: 'munch' }, status: 400, field: 'task_type' },
    },
  },
  'GET /cdrmunch/task/:id': {
    example: async (world) => ({ url: `/cdrmunch/task/${await queueTask(world)}` }),
    status: 200,
    data: { state: 'queued', priority: 'low', progress: 0, org_id: expect.any(Number) as number },
    otherOrgStatus: 404,
    invalidRequests: { 'an invalid id': { url: '/cdrmunch/task/1', status: 404 } },
  },
  'DELETE /cdrmunch/task/:id': {
    example: async (world) => ({ url: `/cdrmunch/task/${await queueTask(world)}` }),
    status: 204,
    otherOrgStatus: 404,
    invalidRequests: { 'an invalid id': { url: '/cdrmunch/task/1', status: 404 } },
  },
  'GET /tasks': {
    example: () => ({ url: '/tasks' }),
    status: 200,
    otherOrgStatus: 403,
  },
};
