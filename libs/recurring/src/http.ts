import { isoTime, isoTimeOrNull } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { envelope, Enveloped, type HttpServer } from '@oriontel/service';
import { z } from 'zod';
import { recurringTasks, type StoredRecurringTask } from './recurring-task.repository.ts';

const Time = z.iso.datetime();

const RecurringTask = z
  .object({
    name: z.string(),
    every_seconds: z.int(),
    state: z.enum(['waiting', 'running']),
    next_run_at: Time,
    last_started_at: Time.nullable(),
    last_finished_at: Time.nullable(),
    last_outcome: z.enum(['done', 'failed']).nullable(),
    last_detail: z.string().nullable().meta({ description: 'Summary of the last run' }),
    runs: z.int(),
    failures: z.int(),
  })
  .meta({
    id: 'RecurringTask',
    examples: [
      {
        name: 'partitions',
        every_seconds: 21600,
        state: 'waiting',
        next_run_at: '2024-01-15T12:00:00Z',
        last_started_at: '2024-01-15T06:00:00Z',
        last_finished_at: '2024-01-15T06:00:01Z',
        last_outcome: 'done',
        last_detail: '0 partitions created',
        runs: 124,
        failures: 0,
      },
    ],
  });
type RecurringTask = z.output<typeof RecurringTask>;

function present(task: StoredRecurringTask): RecurringTask {
  return {
    name: task.name,
    every_seconds: task.everySeconds,
    state: task.isRunning ? 'running' : 'waiting',
    next_run_at: isoTime(task.nextRunAt),
    last_started_at: isoTimeOrNull(task.lastStartedAt),
    last_finished_at: isoTimeOrNull(task.lastFinishedAt),
    last_outcome: task.lastOutcome,
    last_detail: task.lastDetail,
    runs: task.runs,
    failures: task.failures,
  };
}

/** Routes for admins to inspect recurring tasks. */
export async function recurringRoutes(app: HttpServer, { db }: { db: Database }): Promise<void> {
  app.route({
    method: 'GET',
    url: '/tasks',
    config: { family: 'oriontel', access: { roles: ['admin'] } },
    schema: {
      tags: ['Tasks'],
      summary: 'List recurring tasks',
      response: { 200: Enveloped(z.array(RecurringTask)) },
    },
    handler: async () => envelope((await recurringTasks(db).list()).map(present)),
  });
}
