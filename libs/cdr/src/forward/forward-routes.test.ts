import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDeadLetter, createTestCdr, type TestCdr } from '../testing.ts';

interface Status {
  data: {
    pending: number;
    done: number;
    dead: number;
    oldest_pending: string | null;
    circuit: { state: string; reason: string | null };
    dead_letters: { id: string; org_id: number; records: number; reason: string; attempts: number }[];
  };
  meta: { next_cursor: string | null };
}

let cdr: TestCdr;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  cdr = await createTestCdr();
  stopWorker = cdr.startWorker();
});
afterAll(async () => {
  await stopWorker();
  await cdr.close();
});

async function status(as: string, query = '') {
  return (await cdr.call<Status>(`/cdrs/forwarding${query}`, { as })).json;
}
function redrive(id: string, as = cdr.ours.manager) {
  return cdr.call(`/cdrs/forwarding/${id}/redrive`, { method: 'POST', as });
}

test('GET /cdrs/forwarding pages through the dead letters that the caller may read', async () => {
  const ids: string[] = [];
  while (ids.length < 5) ids.push(await createDeadLetter(cdr));
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { data, meta }: Status = await status(cdr.ours.manager, `?limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...data.dead_letters.map(({ id }) => id));
    cursor = meta.next_cursor;
  }
  expect(seen).toEqual(ids.toReversed());
  expect((await status(cdr.theirs.manager)).data).toMatchObject({ dead: 0, dead_letters: [] });
  expect((await status(cdr.admin)).data).toMatchObject({ dead: 5, oldest_pending: null });
  expect((await status(cdr.admin, `?org_id=${cdr.theirs.orgId}`)).data).toMatchObject({ dead: 0 });
});

test('a dead letter is pending after a redrive, and a second redrive is a conflict', async () => {
  const id = await createDeadLetter(cdr);
  const before = (await status(cdr.ours.manager)).data;
  expect(before.dead_letters[0]).toMatchObject({ id, records: 2, attempts: 1, reason: 'HTTP 400' });
  expect((await redrive(id, cdr.theirs.manager)).status).toBe(404);
  expect((await redrive(id.toUpperCase())).status).toBe(200);
  const after = (await status(cdr.ours.manager)).data;
  expect(after).toMatchObject({ dead: before.dead - 1, pending: before.pending + 1 });
  expect(after.oldest_pending).toEqual(expect.any(String));
  expect((await redrive(id)).status).toBe(409);
});

test('redriving a delivered batch is a conflict', async () => {
  const id = await createDeadLetter(cdr, { state: 'done' });
  expect((await redrive(id)).status).toBe(409);
  expect((await redrive(id, cdr.theirs.manager)).status).toBe(404);
});

test('GET /cdrs/forwarding shows an open, half-open and closed circuit', async () => {
  function openUntil(delay: string) {
    return cdr.db.$executeRaw`
      UPDATE forward_circuit
      SET since = now(), reason = 'HTTP 500', open_until = now() + ${delay}::interval`;
  }
  await openUntil('1 hour');
  expect((await status(cdr.ours.manager)).data.circuit).toMatchObject({
    state: 'open',
    reason: 'HTTP 500',
  });
  await openUntil('-1 second');
  expect((await status(cdr.ours.manager)).data.circuit).toMatchObject({ state: 'half-open' });
  await cdr.db.$executeRaw`UPDATE forward_circuit SET since = NULL, reason = NULL, open_until = NULL`;
  expect((await status(cdr.ours.manager)).data.circuit).toMatchObject({ state: 'closed' });
});

test('GET /cdr/:index shows the reference that the remote Service Gateway assigned', async () => {
  const id = await createDeadLetter(cdr);
  await cdr.db.$executeRaw`
    UPDATE cdr_submissions
    SET remote_reference = 'their-1'
    WHERE id = ${id}::uuid`;
  const [deadLetter] = (await status(cdr.ours.manager)).data.dead_letters;
  expect(deadLetter!.id).toBe(id);
  const submission = await cdr.db.cdrSubmission.findUniqueOrThrow({ where: { id } });
  const { json } = await cdr.call<{ data: { submissions: object[] } }>(`/cdr/${submission.batchId}`, {
    as: cdr.ours.manager,
  });
  expect(json.data.submissions).toMatchObject([{ remote_reference: 'their-1' }]);
});
