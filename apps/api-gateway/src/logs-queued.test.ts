import { logsIntake, type ImportPart } from '@oriontel/activity';
import { createLogDrain } from '@oriontel/activity/worker';
import { intakeRows } from '@oriontel/intake';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './testing.ts';

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

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway({ importTimeoutMs: 50 });
});
afterEach(() => gateway.close());

const told = { onDrained: () => undefined, onPoison: () => undefined };
function line(message: string, more: object = {}) {
  return {
    timestamp: '2024-01-15T10:30:00Z',
    type: 'call',
    message,
    ...more,
  };
}
function post(logs: object[], more: object = {}) {
  return gateway.call<ImportBody>('/logs/trunk/t-1', { as: gateway.ours.manager, body: { logs, ...more } });
}
async function read(query = '') {
  return (await gateway.call<LogsBody>(`/logs/trunk/t-1${query}`, { as: gateway.ours.member })).json;
}
async function status(id: string, as = gateway.ours.member) {
  return gateway.call<ImportBody>(`/logs/imports/${id}`, { as });
}
function waiting() {
  return intakeRows(gateway.db).pending<ImportPart>(logsIntake.queue.name, gateway.ours.orgId, {
    limit: 1_000,
  });
}
async function drainAll() {
  const ids = (await waiting()).map(({ id }) => id);
  if (ids.length) await createLogDrain({ db: gateway.db, ...told })({ ids, swept: false });
}

test('an import that takes long is answered as queued, is read at once, and reads the same when it is stored', async () => {
  const answer = await post([line('a'), line('b'), line('a')], { source: 'x' });
  expect([answer.status, answer.json]).toEqual([
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
  expect((await status(answer.json.import_id)).json).toEqual(answer.json);

  await drainAll();
  expect(await waiting()).toEqual([]);
  expect(await read()).toEqual(early);
  expect((await status(answer.json.import_id)).json).toMatchObject({
    status: 'stored',
    imported: 2,
    duplicates_skipped: 1,
    received: 3,
  });
  // And beside what is stored.
  await post([line('a'), line('e')]);
  await post([line('a'), line('e')], { deduplicate: false });
  const later = await read();
  expect(later.total).toBe(8);
  await drainAll();
  expect(await read()).toEqual(later);
});

test('nobody else learns of an import, and there is none that was not', async () => {
  const { import_id } = (await post([line('a')])).json;
  expect((await status(import_id, gateway.theirs.manager)).status).toBe(404);
  expect((await status(import_id, gateway.loner)).status).toBe(403);
  expect((await status(import_id, gateway.admin)).status).toBe(200);
  expect((await status(import_id.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status).toBe(404);
});

test('a worker that is killed before its commit leaves everything to the next, who counts it once', async () => {
  const logs = Array.from({ length: 6_000 }, (_, index) => line(`line ${index}`));
  const { import_id } = (await post([...logs, line('line 0')])).json;
  const rows = await waiting();
  expect(rows.length).toBeGreaterThan(2);
  const drain = createLogDrain({ db: gateway.db, ...told });
  await drain({ ids: [rows[0]!.id], swept: false });
  expect((await status(import_id)).json).toMatchObject({ status: 'queued', received: 6_001 });
  expect((await read('?limit=1')).total).toBe(6_000);

  // Its handler has run to its end, and its transaction is undone.
  await gateway.db.$executeRaw`
    CREATE FUNCTION kill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed' USING ERRCODE = '57P01'; END $$`;
  await gateway.db
    .$executeRaw`CREATE CONSTRAINT TRIGGER kill AFTER UPDATE ON log_imports DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION kill()`;
  const ids = rows.slice(1).map(({ id }) => id);
  await expect(drain({ ids, swept: false })).rejects.toThrow();
  await gateway.db.$executeRaw`DROP TRIGGER kill ON log_imports`;
  expect((await read('?limit=1')).total).toBe(6_000);
  expect((await status(import_id)).json.status).toBe('queued');

  // All at once, each twice, and one that is done already.
  await Promise.all(rows.flatMap(({ id }) => [1, 2].map(() => drain({ ids: [id], swept: false }))));
  expect((await status(import_id)).json).toMatchObject({
    status: 'stored',
    imported: 6_000,
    duplicates_skipped: 1,
  });
  expect((await read('?limit=1')).total).toBe(6_000);
});

test('a part that its worker fails at each time is told as failed, and the others are stored', async () => {
  const { import_id } = (await post([line('a')])).json;
  await gateway.db.$executeRaw`UPDATE intake SET payload = '{"entries": 1}'`;
  const [row] = await waiting();
  const drain = createLogDrain({ db: gateway.db, ...told });
  for (let time = 0; time < 5; time += 1)
    await drain({ ids: [row!.id], swept: false }).catch(() => undefined);
  expect(await waiting()).toEqual([]);
  expect((await status(import_id)).json).toMatchObject({ status: 'failed', imported: 0 });
  await post([line('b')]);
  await drainAll();
  expect((await read()).total).toBe(1);
});

test('where the import cannot be noted nothing of it is accepted', async () => {
  await gateway.db.$executeRaw`ALTER TABLE log_imports RENAME TO elsewhere`;
  expect((await post([line('a')])).status).toBe(500);
  await gateway.db.$executeRaw`ALTER TABLE elsewhere RENAME TO log_imports`;
  expect(await waiting()).toEqual([]);
  expect((await gateway.call('/logs/trunk/t-1', { as: gateway.ours.member })).status).toBe(404);
});
