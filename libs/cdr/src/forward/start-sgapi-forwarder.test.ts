import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSgapiForwarder } from './start-sgapi-forwarder.ts';
import { createTestOutbox, type TestOutbox } from './testing/outbox.ts';
import { startTestReceiver, type TestReceiver } from './testing/receiver.ts';

const SECRET = 'a secret of the tests';

let outbox: TestOutbox;
let receiver: TestReceiver;
beforeAll(async () => {
  outbox = await createTestOutbox();
  receiver = await startTestReceiver(SECRET);
});
afterAll(async () => {
  await receiver.stop();
  await outbox.drop();
});

test('startSgapiForwarder sends the stored legs signed, and nothing after stop', async () => {
  const outcomes: string[] = [];
  const forwarder = startSgapiForwarder({
    db: outbox.db,
    url: receiver.url,
    secret: SECRET,
    concurrency: 2,
    onSent: ({ outcome }) => outcomes.push(outcome),
    onError: (error) => outcomes.push(String(error)),
  });
  const [id] = await outbox.storeNew(1);
  forwarder.wake();
  await expect.poll(() => outcomes, { timeout: 15_000 }).toEqual(['delivered']);
  expect(receiver.received).toMatchObject([{ key: id, signed: true }]);
  await forwarder.stop();
  await outbox.storeNew(1);
  forwarder.wake();
  expect(receiver.received).toHaveLength(1);
  expect((await outbox.rows()).map(({ state }) => state)).toEqual(['done', 'pending']);
});
