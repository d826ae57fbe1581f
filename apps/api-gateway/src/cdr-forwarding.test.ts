import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDeadLetter } from './route-cases/forwarding.ts';
import { startTestGateway, type TestGateway } from './testing.ts';

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

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  gateway = await startTestGateway();
  stopWorker = gateway.startWorker();
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

async function status(as: string, query = '') {
  return (await gateway.call<Status>(`/cdrs/forwarding${query}`, { as })).json;
}
function redrive(id: string, as = gateway.ours.manager) {
  return gateway.call(`/cdrs/forwarding/${id}/redrive`, { method: 'POST', as });
}

test('a manager sees its own dead letters page by page, another one none of them, and an admin all', async () => {
  const ids: string[] = [];
  while (ids.length < 5) ids.push(await createDeadLetter(gateway));
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { data, meta }: Status = await status(
      gateway.ours.manager,
      `?limit=2${cursor && `&cursor=${cursor}`}`,
    );
    seen.push(...data.dead_letters.map(({ id }) => id));
    cursor = meta.next_cursor;
  }
  expect(seen).toEqual(ids.toReversed());
  expect((await status(gateway.theirs.manager)).data).toMatchObject({ dead: 0, dead_letters: [] });
  expect((await status(gateway.admin)).data).toMatchObject({ dead: 5, oldest_pending: null });
  expect((await status(gateway.admin, `?org_id=${gateway.theirs.orgId}`)).data).toMatchObject({ dead: 0 });
});

test('a dead letter that is driven again is on its way, and is no dead letter any more', async () => {
  const id = await createDeadLetter(gateway);
  const before = (await status(gateway.ours.manager)).data;
  expect(before.dead_letters[0]).toMatchObject({ id, records: 2, attempts: 1, reason: 'answered 400' });
  expect((await redrive(id, gateway.theirs.manager)).status).toBe(404);
  expect((await redrive(id.toUpperCase())).status).toBe(200);
  const after = (await status(gateway.ours.manager)).data;
  expect(after).toMatchObject({ dead: before.dead - 1, pending: before.pending + 1 });
  expect(after.oldest_pending).toEqual(expect.any(String));
  expect((await redrive(id)).status).toBe(409);
});

test('what arrived is not driven again', async () => {
  const id = await createDeadLetter(gateway, { state: 'done' });
  expect((await redrive(id)).status).toBe(409);
  expect((await redrive(id, gateway.theirs.manager)).status).toBe(404);
});

test('the circuit shows as it is', async () => {
  function set(until: string) {
    return gateway.db.$executeRaw`
    UPDATE forward_circuit SET since = now(), reason = 'answered 500', open_until = now() + ${until}::interval`;
  }
  await set('1 hour');
  expect((await status(gateway.ours.manager)).data.circuit).toMatchObject({
    state: 'open',
    reason: 'answered 500',
  });
  await set('-1 second');
  expect((await status(gateway.ours.manager)).data.circuit).toMatchObject({ state: 'half-open' });
  await gateway.db.$executeRaw`UPDATE forward_circuit SET since = NULL, reason = NULL, open_until = NULL`;
  expect((await status(gateway.ours.manager)).data.circuit).toMatchObject({ state: 'closed' });
});

test('what the remote Service Gateway calls a submission shows with the batch', async () => {
  const id = await createDeadLetter(gateway);
  await gateway.db
    .$executeRaw`UPDATE cdr_submissions SET remote_reference = 'their-1' WHERE id = ${id}::uuid`;
  const [letter] = (await status(gateway.ours.manager)).data.dead_letters;
  expect(letter!.id).toBe(id);
  const submission = await gateway.db.cdrSubmission.findUniqueOrThrow({ where: { id } });
  const { json } = await gateway.call<{ data: { submissions: object[] } }>(`/cdr/${submission.batchId}`, {
    as: gateway.ours.manager,
  });
  expect(json.data.submissions).toMatchObject([{ remote_reference: 'their-1' }]);
});
