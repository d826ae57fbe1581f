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

function createTestIntake(add = async (_pointers: Pointers): Promise<void> => {}) {
  const producer = { add: vi.fn(add) };
  const onUndispatched = vi.fn();
  return {
    intake: createPartsIntake<Word>(database.db, words, producer, { onUndispatched }),
    producer,
    onUndispatched,
  };
}

function acceptedParts(parts: Iterable<string>, overrides: Partial<AcceptedParts> = {}): AcceptedParts {
  return {
    orgId: 1,
    key: 'key',
    requestId: 'r',
    bytes: 1,
    alongside: async () => {},
    parts,
    ...overrides,
  };
}
const jsonTexts = (...all: string[]) => all.map((word) => JSON.stringify({ word }));

test('accept commits all parts together with the rows of alongside, and dispatches them', async () => {
  const { intake, producer } = createTestIntake();
  const alongside: AcceptedParts['alongside'] = async (tx) => {
    await tx.$executeRaw`INSERT INTO stored VALUES ('alongside')`;
  };
  await intake.accept(acceptedParts(jsonTexts('a', 'b', 'c'), { alongside }));
  expect(await pendingWords(database.db)).toEqual(['a', 'b', 'c']);
  const jobs = producer.add.mock.calls.map(([job]) => job);
  expect(jobs.map(({ ids, swept }) => [ids.length, swept])).toEqual([[3, false]]);
  const drain = createDrain(database.db, words, storeWords, silentHooks);
  for (const job of jobs) await drain(job);
  expect(await storedWords(database.db)).toEqual(['a', 'alongside', 'b', 'c']);
});

test.each([
  ['a part that the database rejects', jsonTexts('a', 'b').concat('{"word": "\xff'), {}, 'unprocessable'],
  [
    'parts that fail to be read',
    (function* () {
      yield* jsonTexts('a');
      throw new Failure('bad_request', 'invalid part');
    })(),
    {},
    'bad_request',
  ],
  [
    'an error of alongside',
    jsonTexts('a'),
    { alongside: () => Promise.reject(new Failure('conflict', 'no')) },
    'conflict',
  ],
])('accept commits and dispatches nothing after %s', async (_what, parts, overrides, code) => {
  const { intake, producer } = createTestIntake();
  await expect(intake.accept(acceptedParts(parts, overrides))).rejects.toMatchObject({ code });
  expect(await pendingWords(database.db)).toEqual([]);
  expect(producer.add).not.toHaveBeenCalled();
});

test('accept succeeds if the queue is down: onUndispatched is called', async () => {
  const { intake, onUndispatched } = createTestIntake(() => Promise.reject(new Error('down')));
  await intake.accept(acceptedParts(jsonTexts('a', 'b')));
  await intake.close();
  expect(onUndispatched).toHaveBeenCalledExactlyOnceWith(new Error('down'), 2);
  expect(await pendingWords(database.db)).toEqual(['a', 'b']);
});

test('large parts are split into jobs of at most 1 MiB, dispatched one after the other', async () => {
  let inFlight = 0;
  let maxInFlight = 0;
  const { intake, producer } = createTestIntake(async () => {
    maxInFlight = Math.max(maxInFlight, (inFlight += 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    inFlight -= 1;
  });
  const parts = Array.from({ length: 7 }, () => JSON.stringify({ word: 'x'.repeat(400_000) }));
  await intake.accept(acceptedParts(parts));
  await intake.close();
  expect(producer.add.mock.calls.map(([{ ids }]) => ids.length)).toEqual([2, 2, 2, 1]);
  expect(maxInFlight).toBe(1);
});

test('accept throws unavailable above the memory limit', async () => {
  const { intake } = createTestIntake();
  const largeBytes = 200 * 1024 * 1024;
  const [first, second] = await Promise.allSettled([
    intake.accept(acceptedParts(jsonTexts('a'), { bytes: largeBytes })),
    intake.accept(acceptedParts(jsonTexts('b'), { bytes: largeBytes })),
  ]);
  expect(first).toMatchObject({ status: 'fulfilled' });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'unavailable', retryAfter: 2 } });
  await intake.accept(acceptedParts(jsonTexts('c'), { bytes: largeBytes }));
});
