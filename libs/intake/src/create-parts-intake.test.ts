import { Failure } from '@oriontel/contracts';
import type { TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createPartsIntake, type AcceptedParts } from './create-parts-intake.ts';
import type { Pointers } from './define-intake.ts';
import { createDrain } from './create-drain.ts';
import {
  createScratchDatabase,
  pendingWords,
  silentHooks,
  storedWords,
  storeWords,
  words,
  type Word,
} from './testing/scratch.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createScratchDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const table of ['intake', 'stored']) await database.db.$executeRawUnsafe(`DELETE FROM ${table}`);
});

function open(add = async (_pointers: Pointers): Promise<void> => {}) {
  const producer = { add: vi.fn(add) };
  const onUndispatched = vi.fn();
  return {
    intake: createPartsIntake<Word>(database.db, words, producer, { onUndispatched }),
    producer,
    onUndispatched,
  };
}

function inParts(parts: Iterable<string>, more: Partial<AcceptedParts> = {}): AcceptedParts {
  return {
    orgId: 1,
    key: 'key',
    requestId: 'r',
    bytes: 1,
    alongside: async () => {},
    parts,
    ...more,
  };
}
const texts = (...all: string[]) => all.map((word) => JSON.stringify({ word }));

test('all parts are committed, with what is written beside them, and dispatched', async () => {
  const { intake, producer } = open();
  const alongside: AcceptedParts['alongside'] = async (tx) => {
    await tx.$executeRaw`INSERT INTO stored VALUES ('beside')`;
  };
  await intake.accept(inParts(texts('a', 'b', 'c'), { alongside }));
  expect(await pendingWords(database.db)).toEqual(['a', 'b', 'c']);
  const jobs = producer.add.mock.calls.map(([job]) => job);
  expect(jobs.map(({ ids, swept }) => [ids.length, swept])).toEqual([[3, false]]);
  const drain = createDrain(database.db, words, storeWords, silentHooks);
  for (const job of jobs) await drain(job);
  expect(await storedWords(database.db)).toEqual(['a', 'b', 'beside', 'c']);
});

test.each([
  ['a part that the database refuses', texts('a', 'b').concat('{"word": "\xff'), {}, 'unprocessable'],
  [
    'parts that cannot be read to the end',
    (function* () {
      yield* texts('a');
      throw new Failure('bad_request', 'no more');
    })(),
    {},
    'bad_request',
  ],
  [
    'trouble beside them',
    texts('a'),
    { alongside: () => Promise.reject(new Failure('conflict', 'no')) },
    'conflict',
  ],
])('%s: nothing is accepted, and nothing dispatched', async (_what, parts, more, code) => {
  const { intake, producer } = open();
  await expect(intake.accept(inParts(parts, more))).rejects.toMatchObject({ code });
  expect(await pendingWords(database.db)).toEqual([]);
  expect(producer.add).not.toHaveBeenCalled();
});

test('a queue that is down is told of, and holds up nobody', async () => {
  const { intake, onUndispatched } = open(() => Promise.reject(new Error('down')));
  await intake.accept(inParts(texts('a', 'b')));
  await intake.close();
  expect(onUndispatched).toHaveBeenCalledExactlyOnceWith(new Error('down'), 2);
  expect(await pendingWords(database.db)).toEqual(['a', 'b']);
});

test('large parts go no more to a job than a transaction should hold, and one job after the other', async () => {
  let atOnce = 0;
  let most = 0;
  const { intake, producer } = open(async () => {
    most = Math.max(most, (atOnce += 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    atOnce -= 1;
  });
  const parts = Array.from({ length: 7 }, () => JSON.stringify({ word: 'x'.repeat(400_000) }));
  await intake.accept(inParts(parts));
  await intake.close();
  expect(producer.add.mock.calls.map(([{ ids }]) => ids.length)).toEqual([2, 2, 2, 1]);
  expect(most).toBe(1);
});

test('what is too much at once is asked to come back', async () => {
  const { intake } = open();
  const large = 200 * 1024 * 1024;
  const [first, second] = await Promise.allSettled([
    intake.accept(inParts(texts('a'), { bytes: large })),
    intake.accept(inParts(texts('b'), { bytes: large })),
  ]);
  expect(first).toMatchObject({ status: 'fulfilled' });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'unavailable', retryAfter: 2 } });
  await intake.accept(inParts(texts('c'), { bytes: large }));
});
