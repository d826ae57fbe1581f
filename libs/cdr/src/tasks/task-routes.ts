import { text, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import {
  Enveloped,
  envelope,
  EnvelopedPage,
  envelopePage,
  isAdmin,
  createOrganizationResolver,
  organizationToRead,
  type Access,
  type HttpServer,
  type OrganizationExists,
} from '@oriontel/service';
import { z } from 'zod';
import { cancelTask } from './cancel-task.ts';
import { toTimeRange } from './date-range.ts';
import { findTask } from './find-task.ts';
import {
  CdrTask,
  NewCdrTask,
  presentTaskResponse,
  presentTask,
  TaskResponse,
  TaskQuery,
} from './cdr-task.ts';
import { cdrTasks } from './cdr-task.repository.ts';
import { createTask, updateTask, type TaskRequest } from './request-task.ts';

export interface TaskRoutes {
  db: Database;
  taskJobs: Pick<Producer<{ taskId: string }>, 'add'>;
  organizationExists: OrganizationExists;
}

const managers: Access = { roles: ['admin', 'manager'] };
const params = z.object({ id: text(128) });

/** Requesting, listing and cancelling munch tasks. */
export async function taskRoutes(app: HttpServer, routes: TaskRoutes): Promise<void> {
  const { db, taskJobs } = routes;
  const toRequest = buildTaskRequest(routes.organizationExists);
  const requests = [
    { method: 'PUT', summary: 'Create a CDR munch task', request: createTask(db) },
    {
      method: 'POST',
      summary: 'Create a CDR munch task or change its priority',
      request: updateTask(db),
    },
  ] as const;

  for (const { method, summary, request } of requests) {
    app.route({
      method,
      url: '/cdrmunch/task',
      config: { family: 'platform', access: managers, limit: 'cdr', errors: ['conflict', 'not_found'] },
      schema: { tags: ['Tasks'], summary, body: NewCdrTask, response: { 200: TaskResponse } },
      async handler({ principal, body }) {
        const task = await request(await toRequest(principal, body));
        // If the queue is down, workers find the task by polling.
        await taskJobs.add({ taskId: task.id }).catch(() => undefined);
        return presentTaskResponse(task);
      },
    });
  }

  app.route({
    method: 'GET',
    url: '/cdrmunch/task',
    config: { family: 'oriontel', access: managers, limit: 'cdr' },
    schema: {
      tags: ['Tasks'],
      summary: 'List CDR munch tasks',
      querystring: TaskQuery,
      response: { 200: EnvelopedPage(CdrTask) },
    },
    async handler({ principal, query }) {
      const { state, task_type: taskType, org_id } = query;
      const page = await cdrTasks(db).list(organizationToRead(principal, org_id), { state, taskType }, query);
      return envelopePage(page, query, presentTask);
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrmunch/task/:id',
    config: { family: 'oriontel', access: managers, limit: 'cdr' },
    schema: {
      tags: ['Tasks'],
      summary: 'Get a CDR munch task',
      params,
      response: { 200: Enveloped(CdrTask) },
    },
    async handler({ principal, params: { id } }) {
      return envelope(presentTask(await findTask(db)(organizationToRead(principal), id)));
    },
  });

  app.route({
    method: 'DELETE',
    url: '/cdrmunch/task/:id',
    config: { family: 'oriontel', access: managers, limit: 'cdr', errors: ['conflict'] },
    schema: { tags: ['Tasks'], summary: 'Cancel a CDR munch task', params, response: { 204: z.undefined() } },
    async handler({ principal, params: { id } }, reply) {
      await cancelTask(db)(organizationToRead(principal), id);
      return reply.code(204).send();
    },
  });
}

/** An admin request without `org_id` covers all organizations. */
function buildTaskRequest(organizationExists: OrganizationExists) {
  const organizationOf = createOrganizationResolver(organizationExists);
  return async function toTaskRequest(principal: Principal, body: NewCdrTask): Promise<TaskRequest> {
    return {
      taskType: body.task_type,
      orgId:
        isAdmin(principal) && !body.org_id ? null : await organizationOf(principal, body.org_id ?? undefined),
      range: toTimeRange(body.date_range),
      priority: body.priority ?? undefined,
      requestedBy: principal.kind === 'user' ? principal.username : principal.name,
    };
  };
}
