import { createTestDatabase } from '@oriontel/database/testing';
import { connectQueues } from '@oriontel/queues';
import { startRecurringTasks } from '@oriontel/recurring';
import { recurringRoutes } from '@oriontel/recurring/http';
import { createLogger } from '@oriontel/service';
import { createTestApi } from '@oriontel/service/testing';
import { monitorTaskQueue } from '@oriontel/sip-gateways';
import { expect, onTestFinished, test } from 'vitest';
import { recurringTasks } from './recurring-tasks.ts';

test('recurringTasks run in gateway-monitor and are listed by GET /tasks', async () => {
  const { db, url, drop } = await createTestDatabase();
  const queues = await connectQueues({ kind: 'postgres', url }, () => undefined);
  const log = createLogger('test', 'silent');
  const stop = startRecurringTasks({ db, queues, log, tasks: recurringTasks(db), queue: monitorTaskQueue });
  const api = await createTestApi((app) => app.register(recurringRoutes, { db }));
  onTestFinished(async () => {
    await stop();
    await queues.close(1_000);
    await api.app.close();
    await drop();
  });

  async function listOutcomes() {
    const { json } = await api.call<{ data: { name: string; last_outcome: string; last_detail: string }[] }>(
      '/tasks',
      { as: api.admin },
    );
    return json.data.map(({ name, last_outcome, last_detail }) => [name, last_outcome, last_detail]);
  }
  await expect.poll(listOutcomes, { timeout: 18_000 }).toEqual([
    ['metric-samples', 'done', expect.stringMatching(/^\S+ sampled$/)],
    ['probing', 'done', '0 gateways probed by 0 monitors'],
  ]);
});
