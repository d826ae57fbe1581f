import { intakeRows } from '@oriontel/intake';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestActivity, type TestActivity } from '../testing.ts';
import { createLogDrain } from '../worker.ts';
import { logsIntake, type ImportPart } from './logs-intake.ts';

interface ImportBody {
  status: string;
  imported: number;
  duplicates_skipped: number;
  received: number;
  import_id: string;
  created_at: string;
}
interface LogsBody {
  count: number;
  total: number;
  logs: { id: string; message: string; timestamp: string }[];
}

/** No worker runs, so accepted imports stay queued until a test drains them. */
let activity: TestActivity;
beforeEach(async () => {
  activity = await createTestActivity({ importTimeoutMs: 50 });
});
afterEach(() => activity.close());

const hooks = { onDrained: () => undefined, onPoison: () => undefined };
function line(message: string, more: object = {}) {
  return {
    timestamp: '2024-01-15T10:30:00Z',
    type: 'call',
    message,
    ...more,
  };
}
function post(logs: object[], more: object = {}) {
  return activity.call<ImportBody>('/logs/trunk/t-1', { as: activity.ours.manager, body: { logs, ...more } });
}
async function read(query = '') {
  return (await activity.call<LogsBody>(`/logs/trunk/t-1${query}`, { as: activity.ours.member })).json;
}
async function status(id: string, as = activity.ours.member) {
  return activity.call<ImportBody>(`/logs/imports/${id}`, { as });
}
function pending() {
  return intakeRows(activity.db).pending<ImportPart>(logsIntake.queue.name, activity.ours.orgId, {
    limit: 1_000,
  });
}
async function drainAll() {
  const ids = (await pending()).map(({ id }) => id);
  if (ids.length) await createLogDrain({ db: activity.db, ...hooks })({ ids, swept: false });
}

test('a slow import is 202 queued, and GET /logs returns the same lines pending and stored', async () => {
  const response = await post([line('a'), line('b'), line('a')], { source: 'x' });
  expect([response.status, response.json]).toEqual([
    202,
    {
      status: 'queued',
      imported: 0,
      duplicates_skipped: 0,
      received: 3,
      entity: 'trunk/t-1',
      import_id: expect.stringMatching(/^import-/) as string,
      created_at: expect.stringMatching(/Z$/) as string,
    },
  ]);
  await post([line('b'), line('c', { timestamp: '2024-01-15T10:29:00Z' })]);
  await post([line('a'), line('d')], { deduplicate: false });
  const early = await read();
  expect([early.count, early.total]).toEqual([5, 5]);
  expect(early.logs.map(({ message }) => message).sort()).toEqual(['a', 'a', 'b', 'c', 'd']);
  expect(early.logs[0]).toMatchObject({ message: 'c', timestamp: '2024-01-15T10:29:00Z' });
  expect((await read('?to=2024-01-15T10:29:30Z')).total).toBe(1);
  expect((await read('?limit=2&offset=1')).logs).toEqual(early.logs.slice(1, 3));
  expect((await status(response.json.import_id)).json).toEqual(response.json);

  await drainAll();
  expect(await pending()).toEqual([]);
  expect(await read()).toEqual(early);
  expect((await status(response.json.import_id)).json).toMatchObject({
    status: 'stored',
    imported: 2,
    duplicates_skipped: 1,
    received: 3,
  });
  // Pending lines that repeat stored ones.
  await post([line('a'), line('e')]);
  await post([line('a'), line('e')], { deduplicate: false });
  const later = await read();
  expect(later.total).toBe(8);
  await drainAll();
  expect(await read()).toEqual(later);
});

test('GET /logs/imports is 404 for other organizations and unknown ids', async () => {
  const { import_id } = (await post([line('a')])).json;
  expect((await status(import_id, activity.theirs.manager)).status).toBe(404);
  expect((await status(import_id, activity.unassigned)).status).toBe(403);
  expect((await status(import_id, activity.admin)).status).toBe(200);
  expect((await status(import_id.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status).toBe(404);
});

test('a worker killed before its commit stores nothing, and the next one counts each line once', async () => {
  const logs = Array.from({ length: 6_000 }, (_, index) => line(`line ${index}`));
  const { import_id } = (await post([...logs, line('line 0')])).json;
  const rows = await pending();
  expect(rows.length).toBeGreaterThan(2);
  const drain = createLogDrain({ db: activity.db, ...hooks });
  await drain({ ids: [rows[0]!.id], swept: false });
  expect((await status(import_id)).json).toMatchObject({ status: 'queued', received: 6_001 });
  expect((await read('?limit=1')).total).toBe(6_000);

  // A deferred trigger fails the commit after the handler has returned.
  await activity.db.$executeRaw`
    CREATE FUNCTION kill() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'killed' USING ERRCODE = '57P01';
    END $$`;
  await activity.db.$executeRaw`
    CREATE CONSTRAINT TRIGGER kill
    AFTER UPDATE ON log_imports
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION kill()`;
  const ids = rows.slice(1).map(({ id }) => id);
  await expect(drain({ ids, swept: false })).rejects.toThrow();
  await activity.db.$executeRaw`DROP TRIGGER kill ON log_imports`;
  expect((await read('?limit=1')).total).toBe(6_000);
  expect((await status(import_id)).json.status).toBe('queued');

  // Concurrent drains of every part, each part twice, including the stored one.
  await Promise.all(rows.flatMap(({ id }) => [1, 2].map(() => drain({ ids: [id], swept: false }))));
  expect((await status(import_id)).json).toMatchObject({
    status: 'stored',
    imported: 6_000,
    duplicates_skipped: 1,
  });
  expect((await read('?limit=1')).total).toBe(6_000);
});

test('an import is failed once its part is quarantined, and other imports are stored', async () => {
  const { import_id } = (await post([line('a')])).json;
  await activity.db.$executeRaw`UPDATE intake SET payload = '{"entries": 1}'`;
  const [row] = await pending();
  const drain = createLogDrain({ db: activity.db, ...hooks });
  for (let attempt = 0; attempt < 5; attempt += 1)
    await drain({ ids: [row!.id], swept: false }).catch(() => undefined);
  expect(await pending()).toEqual([]);
  expect((await status(import_id)).json).toMatchObject({ status: 'failed', imported: 0 });
  await post([line('b')]);
  await drainAll();
  expect((await read()).total).toBe(1);
});

test('an import whose log_imports row cannot be inserted is 500 and leaves no parts', async () => {
  await activity.db.$executeRaw`ALTER TABLE log_imports RENAME TO elsewhere`;
  expect((await post([line('a')])).status).toBe(500);
  await activity.db.$executeRaw`ALTER TABLE elsewhere RENAME TO log_imports`;
  expect(await pending()).toEqual([]);
  expect((await activity.call('/logs/trunk/t-1', { as: activity.ours.member })).status).toBe(404);
});
