import { text, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import {
  Enveloped,
  envelope,
  EnvelopedPage,
  envelopePage,
  isAdmin,
  organizationToFill,
  organizationToRead,
  type Access,
  type HttpServer,
  type OrganizationExists,
} from '@oriontel/service';
import { z } from 'zod';
import { cancelTask } from './cancel-task.ts';
import { toTimeRange } from './date-range.ts';
import { findTask } from './find-task.ts';
import { MunchTask, NewMunchTask, presentAnswer, presentTask, TaskAnswer, TaskQuery } from './munch-task.ts';
import { munchTasks } from './munch-task.repository.ts';
import { createTask, updateTask, type TaskRequest } from './request-task.ts';

export interface TaskRoutes {
  db: Database;
  munchers: Pick<Producer<{ taskId: string }>, 'add'>;
  organizationExists: OrganizationExists;
}

const keepers: Access = { roles: ['admin', 'manager'] };
const params = z.object({ id: text(128) });

/** Munch tasks: asked for, watched and cancelled. */
export const taskRoutes = async (app: HttpServer, routes: TaskRoutes): Promise<void> => {
  const { db, munchers } = routes;
  const toRequest = requestOf(routes.organizationExists);
  const requests = [
    { method: 'PUT', summary: 'Create a CDR munch task', act: createTask(db) },
    {
      method: 'POST',
      summary: 'Create a CDR munch task, or change the priority of one',
      act: updateTask(db),
    },
  ] as const;

  for (const { method, summary, act } of requests) {
    app.route({
      method,
      url: '/cdrmunch/task',
      config: { family: 'platform', access: keepers, limit: 'cdr', errors: ['conflict', 'not_found'] },
      schema: { tags: ['Tasks'], summary, body: NewMunchTask, response: { 200: TaskAnswer } },
      handler: async ({ principal, body }) => {
        const task = await act(await toRequest(principal, body));
        // Where the queue does not take it the workers look by themselves.
        await munchers.add({ taskId: task.id }).catch(() => undefined);
        return presentAnswer(task);
      },
    });
  }

  app.route({
    method: 'GET',
    url: '/cdrmunch/task',
    config: { family: 'oriontel', access: keepers, limit: 'cdr' },
    schema: {
      tags: ['Tasks'],
      summary: 'List CDR munch tasks',
      querystring: TaskQuery,
      response: { 200: EnvelopedPage(MunchTask) },
    },
    handler: async ({ principal, query }) => {
      const { state, task_type: taskType, org_id } = query;
      const found = await munchTasks(db).list(
        organizationToRead(principal, org_id),
        { state, taskType },
        query,
      );
      return envelopePage(found, query, presentTask);
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrmunch/task/:id',
    config: { family: 'oriontel', access: keepers, limit: 'cdr' },
    schema: {
      tags: ['Tasks'],
      summary: 'Watch a CDR munch task',
      params,
      response: { 200: Enveloped(MunchTask) },
    },
    handler: async ({ principal, params: { id } }) =>
      envelope(presentTask(await findTask(db)(organizationToRead(principal), id))),
  });

  app.route({
    method: 'DELETE',
    url: '/cdrmunch/task/:id',
    config: { family: 'oriontel', access: keepers, limit: 'cdr', errors: ['conflict'] },
    schema: { tags: ['Tasks'], summary: 'Cancel a CDR munch task', params, response: { 204: z.undefined() } },
    handler: async ({ principal, params: { id } }, reply) => {
      await cancelTask(db)(organizationToRead(principal), id);
      return reply.code(204).send();
    },
  });
};

/** Whose calls, and who asks. An admin who names no organization means all of them. */
const requestOf = (organizationExists: OrganizationExists) => {
  const organizationOf = organizationToFill(organizationExists);
  return async (principal: Principal, body: NewMunchTask): Promise<TaskRequest> => ({
    taskType: body.task_type,
    orgId:
      isAdmin(principal) && !body.org_id ? null : await organizationOf(principal, body.org_id ?? undefined),
    range: toTimeRange(body.date_range),
    priority: body.priority ?? undefined,
    requestedBy: principal.kind === 'user' ? principal.username : principal.name,
  });
};
