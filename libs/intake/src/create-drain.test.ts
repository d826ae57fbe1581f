import { Failure } from '@oriontel/contracts';
import { createDatabase, type Queryable } from '@oriontel/database';
import type { TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { MAX_ATTEMPTS, createDrain, type DrainOptions, type StoreRows } from './create-drain.ts';
import { intakeRows, type IntakeRow, type NewQuarantineItem } from './intake.repository.ts';
import { quarantine } from './quarantine.repository.ts';
import { redrive } from './redrive.ts';
import {
  createScratchDatabase,
  pendingWords,
  insertRows,
  quarantined,
  quarantinedWords,
  silentHooks,
  storedWords,
  storeWord,
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
  for (const table of ['intake', 'quarantine', 'stored'])
    await database.db.$executeRawUnsafe(`DELETE FROM ${table}`);
});

function drainWith(store: StoreRows<Word>, options: Partial<DrainOptions> = {}) {
  return createDrain(database.db, words, store, { ...silentHooks, ...options });
}

const job = (ids: string[]) => ({ ids, swept: false });
const sweptJob = (ids: string[]) => ({ ids, swept: true });

/** Stores each row, or throws what `fault` says of it, after it was written. */
function storeBut(fault: (row: IntakeRow<Word>) => Error | false): StoreRows<Word> {
  return async function storeButInner(tx, rows) {
    for (const row of rows) {
      await storeWord(tx, row);
      const error = fault(row);
      if (error) throw error;
    }
    return [];
  };
}

/** Where the words of the test are: each must be in one place, once. */
async function places() {
  return {
    pending: await pendingWords(database.db),
    stored: await storedWords(database.db),
    quarantined: await quarantinedWords(database.db),
  };
}

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), opened };
}

describe('storing', () => {
  test('stores every row and ends it, and says how many', async () => {
    const onDrained = vi.fn();
    const ids = await insertRows(database.db, ['a', 'b', 'c']);
    await drainWith(storeWords, { onDrained })(job(ids));
    expect(await places()).toEqual({ pending: [], stored: ['a', 'b', 'c'], quarantined: [] });
    expect(onDrained).toHaveBeenCalledExactlyOnceWith({
      rows: 3,
      quarantined: 0,
      requestIds: ['request of a', 'request of b', 'request of c'],
    });
  });

  test('hands the rows over oldest first, whatever the order of the ids', async () => {
    const ids = await insertRows(database.db, ['a', 'b', 'c']);
    const store = vi.fn(storeWords);
    await drainWith(store)(job([ids[2]!, ids[0]!, ids[1]!]));
    expect(store.mock.calls[0]![1].map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  });

  test('the final rows and the end of the intake rows become visible in the same moment', async () => {
    const [written, go] = [gate(), gate()];
    const ids = await insertRows(database.db, ['a']);
    const draining = drainWith(async (tx, rows) => {
      await storeWords(tx, rows);
      written.open();
      await go.opened;
      return [];
    })(job(ids));
    await written.opened;
    expect(await places()).toEqual({ pending: ['a'], stored: [], quarantined: [] });
    go.open();
    await draining;
    expect(await places()).toEqual({ pending: [], stored: ['a'], quarantined: [] });
  });

  test('a store that writes and then throws has written nothing, and the row stays', async () => {
    const ids = await insertRows(database.db, ['a']);
    await expect(drainWith(storeBut(() => new Error('half way')))(job(ids))).rejects.toThrow('half way');
    expect(await places()).toEqual({ pending: ['a'], stored: [], quarantined: [] });
  });

  test('the same job delivered twice, one after another, stores once', async () => {
    const ids = await insertRows(database.db, ['a', 'b']);
    const store = vi.fn(storeWords);
    const drain = drainWith(store);
    for (let time = 0; time < 2; time++) await drain(job(ids));
    await drain(sweptJob(ids));
    expect(await places()).toEqual({ pending: [], stored: ['a', 'b'], quarantined: [] });
    expect(store).toHaveBeenCalledTimes(1);
  });

  test('the same job delivered ten times at once stores once', async () => {
    const ids = await insertRows(database.db, ['a', 'b']);
    const drain = drainWith(storeWords);
    await Promise.all(Array.from({ length: 10 }, (_, i) => drain({ ids, swept: i % 2 === 1 })));
    expect(await places()).toEqual({ pending: [], stored: ['a', 'b'], quarantined: [] });
  });

  test('two workers with overlapping jobs store every row once, and neither waits for the other', async () => {
    const ids = await insertRows(database.db, ['a', 'b', 'c']);
    const [held, go] = [gate(), gate()];
    const first = drainWith(async (tx, rows) => {
      held.open();
      await go.opened;
      return storeWords(tx, rows);
    })(job([ids[0]!, ids[1]!]));
    await held.opened;
    await drainWith(storeWords)(job([ids[1]!, ids[2]!]));
    expect(await places()).toEqual({ pending: ['a', 'b'], stored: ['c'], quarantined: [] });
    go.open();
    await first;
    expect(await places()).toEqual({ pending: [], stored: ['a', 'b', 'c'], quarantined: [] });
  });

  test('ids that are gone are no error', async () => {
    await drainWith(storeWords)(job(['01890000-0000-7000-8000-000000000000']));
    await drainWith(storeWords)(sweptJob(['01890000-0000-7000-8000-000000000000']));
  });
});

describe('a row that cannot be stored', () => {
  test('is quarantined at once with its reason when it can never succeed, and its neighbors are stored', async () => {
    const onPoison = vi.fn();
    const ids = await insertRows(database.db, ['a', 'bad', 'z']);
    const store = storeBut(({ key }) => key === 'bad' && new Failure('unprocessable', 'It names no caller.'));
    await drainWith(store, { onPoison })(job(ids));
    expect(await places()).toEqual({ pending: [], stored: ['a', 'z'], quarantined: ['bad'] });
    const [item] = await quarantined(database.db);
    expect(item).toMatchObject({
      reason: 'poison',
      detail: 'It names no caller.',
      orgId: 1,
      key: 'bad',
      requestId: 'request of bad',
    });
    expect(onPoison).toHaveBeenCalledExactlyOnceWith(expect.any(Failure), { id: ids[1], tries: 1 });
  });

  test('is quarantined at once when the database refuses its data', async () => {
    const ids = await insertRows(database.db, ['a', 'badword', 'z']);
    const store: StoreRows<Word> = async (tx, rows) => {
      for (const row of rows) {
        await storeWord(tx, row);
        if (row.key === 'badword') await tx.$executeRaw`SELECT ${'\u0000'}::text`;
      }
      return [];
    };
    await drainWith(store)(job(ids));
    expect(await places()).toEqual({ pending: [], stored: ['a', 'z'], quarantined: ['badword'] });
  });

  test('is tried again after an unknown error, and quarantined after the last try; its neighbors are stored at once', async () => {
    const onPoison = vi.fn();
    const ids = await insertRows(database.db, ['a', 'bad', 'z']);
    const drain = drainWith(
      storeBut(({ key }) => key === 'bad' && new Error('a bug')),
      { onPoison },
    );
    for (let tries = 1; tries < MAX_ATTEMPTS; tries++) {
      await expect(drain(job(ids))).rejects.toThrow('a bug');
      expect(await places()).toEqual({ pending: ['bad'], stored: ['a', 'z'], quarantined: [] });
    }
    await drain(job(ids));
    expect(await places()).toEqual({ pending: [], stored: ['a', 'z'], quarantined: ['bad'] });
    expect((await quarantined(database.db))[0]!.detail).toContain('failed at it each time');
    expect(onPoison.mock.calls.map(([, { tries }]) => tries)).toEqual([1, 2, 3, 4, 5]);
    await drain(job(ids));
    expect(await quarantined(database.db)).toHaveLength(1);
  });

  test('has as many tries when the sweeper sends it', async () => {
    const ids = await insertRows(database.db, ['bad']);
    const store = vi.fn(storeBut(() => new Error('a bug')));
    const drain = drainWith(store);
    for (let tries = 1; tries < MAX_ATTEMPTS; tries++)
      await expect(drain(sweptJob(ids))).rejects.toThrow('a bug');
    expect(await pendingWords(database.db)).toEqual(['bad']);
    await drain(sweptJob(ids));
    expect(await places()).toEqual({ pending: [], stored: [], quarantined: ['bad'] });
  });

  test('a failure that may pass is tried again like an unknown error', async () => {
    const ids = await insertRows(database.db, ['a']);
    await expect(drainWith(storeBut(() => new Failure('bad_gateway')))(job(ids))).rejects.toThrow(
      'Bad Gateway',
    );
    expect(await pendingWords(database.db)).toEqual(['a']);
    await drainWith(storeWords)(job(ids));
    expect(await storedWords(database.db)).toEqual(['a']);
  });

  test('one that kills its worker each time is quarantined once it has been swept often enough, without being run again', async () => {
    const ids = await insertRows(database.db, ['killer']);
    // What is left of a worker that was killed: the count of the try that it began.
    for (let killed = 0; killed < MAX_ATTEMPTS; killed++) await intakeRows(database.db).countAttempt(ids);
    const store = vi.fn(storeWords);
    await drainWith(store)(sweptJob(ids));
    expect(store).not.toHaveBeenCalled();
    expect(await places()).toEqual({ pending: [], stored: [], quarantined: ['killer'] });
  });

  test('a swept try is counted before it begins, where a killed worker leaves it', async () => {
    const ids = await insertRows(database.db, ['a']);
    let attempts: number | undefined;
    await drainWith(async (tx, rows) => {
      const [row] = await database.db.$queryRaw<[{ attempts: number }]>`SELECT attempts FROM intake`;
      ({ attempts } = row);
      return storeWords(tx, rows);
    })(sweptJob(ids));
    expect(attempts).toBe(1);
  });

  test('is still quarantined when the reason holds what no database stores', async () => {
    const ids = await insertRows(database.db, ['bad']);
    await drainWith(storeBut(() => new Failure('unprocessable', 'caller "a\u0000b" is no number')))(job(ids));
    expect((await quarantined(database.db))[0]!.detail).toContain('is no number');
    expect(await pendingWords(database.db)).toEqual([]);
  });
});

describe('what a store refuses', () => {
  function refuse(
    { orgId, key, requestId, acceptedAt }: IntakeRow<Word>,
    payload: unknown,
  ): NewQuarantineItem {
    return {
      orgId,
      key,
      requestId,
      acceptedAt,
      payload,
      reason: 'invalid',
      detail: 'no',
    };
  }

  test('is quarantined in the same transaction, beside what is stored', async () => {
    const onDrained = vi.fn();
    const ids = await insertRows(database.db, ['a', 'b']);
    const store: StoreRows<Word> = async (tx, [a, b]) => {
      await storeWord(tx, a!);
      return [refuse(b!, b!.payload)];
    };
    await drainWith(store, { onDrained })(job(ids));
    expect(await places()).toEqual({ pending: [], stored: ['a'], quarantined: ['b'] });
    expect(onDrained.mock.calls[0]![0]).toMatchObject({ rows: 2, quarantined: 1 });
  });

  test('is there once, however often the same arrives', async () => {
    const store: StoreRows<Word> = async (_tx, rows) =>
      rows.flatMap((row) => [refuse(row, row.payload), refuse(row, row.payload)]);
    for (let time = 0; time < 3; time++)
      await drainWith(store)(job(await insertRows(database.db, ['same', 'same'])));
    expect(await places()).toEqual({ pending: [], stored: [], quarantined: ['same'] });
  });

  test('may be many thousands at once', async () => {
    const store: StoreRows<Word> = async (_tx, [row]) =>
      Array.from({ length: 10_000 }, (_, i) => refuse(row!, { word: `${i}` }));
    await drainWith(store)(job(await insertRows(database.db, ['many'])));
    expect(await quarantined(database.db)).toHaveLength(10_000);
    expect(await pendingWords(database.db)).toEqual([]);
  });

  test('keeps its payload to the letter', async () => {
    const word = `'"\\ \u0000 \ud800 🙂`;
    const store: StoreRows<Word> = async (_tx, rows) =>
      rows.map((row) => refuse({ ...row, key: 'k\u0000' }, { word }));
    await drainWith(store)(job(await insertRows(database.db, ['odd'])));
    expect((await quarantined(database.db))[0]!.payload).toStrictEqual({ word });
  });
});

describe('a database that goes away in the middle', () => {
  const terminate = (tx: Queryable) => tx.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`;

  test('rejects, stores nothing, counts no try, and the same job stores it afterward', async () => {
    const ids = await insertRows(database.db, ['a', 'b']);
    const onPoison = vi.fn();
    const drain = drainWith(
      async (tx, rows) => {
        await storeWords(tx, rows);
        await terminate(tx);
        return [];
      },
      { onPoison },
    );
    for (let time = 0; time <= MAX_ATTEMPTS + 1; time++) await expect(drain(job(ids))).rejects.toThrow();
    expect(await places()).toEqual({ pending: ['a', 'b'], stored: [], quarantined: [] });
    expect(onPoison).not.toHaveBeenCalled();
    await drainWith(storeWords)(job(ids));
    expect(await places()).toEqual({ pending: [], stored: ['a', 'b'], quarantined: [] });
  });

  test('is no fault of rows that were swept: however often, they are not quarantined for it', async () => {
    const ids = await insertRows(database.db, ['a']);
    const drain = drainWith(async (tx) => {
      await terminate(tx);
      return [];
    });
    for (let time = 0; time <= MAX_ATTEMPTS + 1; time++) await expect(drain(sweptJob(ids))).rejects.toThrow();
    await drainWith(storeWords)(sweptJob(ids));
    expect(await places()).toEqual({ pending: [], stored: ['a'], quarantined: [] });
  });

  test('is not asked again for each of many rows', async () => {
    const ids = await insertRows(database.db, ['a', 'b', 'c', 'd']);
    let calls = 0;
    const drain = drainWith(async (tx) => {
      calls += 1;
      if (calls === 1) throw new Error('a bug');
      await terminate(tx);
      return [];
    });
    await expect(drain(job(ids))).rejects.toThrow();
    expect(calls).toBe(2);
    expect(await pendingWords(database.db)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a database that is down rejects at once', async () => {
    const db = createDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', name: 'down' });
    onTestFinished(() => db.$disconnect());
    const began = performance.now();
    const ids = Array.from({ length: 100 }, () => '01890000-0000-7000-8000-000000000000');
    await expect(createDrain(db, words, storeWords, silentHooks)(job(ids))).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('redrive', () => {
  async function quarantineWord(word: string): Promise<string> {
    await drainWith(storeBut(() => new Failure('unprocessable')))(job(await insertRows(database.db, [word])));
    return (await quarantined(database.db))[0]!.id;
  }

  test('brings a quarantined value back on the road, where it is stored', async () => {
    const id = await quarantineWord('again');
    const add = vi.fn(async () => {});
    const driven = await redrive(database.db, { add }, 1, id);
    expect(add).toHaveBeenCalledExactlyOnceWith({ ids: [driven.id], swept: false });
    expect(await places()).toEqual({ pending: ['again'], stored: [], quarantined: [] });
    await drainWith(storeWords)(job([driven.id]));
    expect(await places()).toEqual({ pending: [], stored: ['again'], quarantined: [] });
  });

  test('asked twice at once it brings back one', async () => {
    const id = await quarantineWord('again');
    const outcomes = await Promise.allSettled(
      [1, 2].map(() => redrive(database.db, { add: async () => {} }, 1, id)),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await places()).toEqual({ pending: ['again'], stored: [], quarantined: [] });
  });

  test("finds nothing of another organization's, and leaves it where it is", async () => {
    const id = await quarantineWord('theirs');
    await expect(redrive(database.db, { add: async () => {} }, 2, id)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await places()).toEqual({ pending: [], stored: [], quarantined: ['theirs'] });
  });

  test('a queue that is down does not matter: the row waits for the sweeper', async () => {
    const id = await quarantineWord('again');
    await redrive(database.db, { add: () => Promise.reject(new Error('down')) }, 1, id);
    expect(await pendingWords(database.db)).toEqual(['again']);
  });

  test('what is still bad comes back to quarantine', async () => {
    const id = await quarantineWord('bad');
    const driven = await redrive(database.db, { add: async () => {} }, 1, id);
    await drainWith(storeBut(() => new Failure('unprocessable')))(job([driven.id]));
    expect(await places()).toEqual({ pending: [], stored: [], quarantined: ['bad'] });
  });
});

test('the quarantine is read newest first, page by page, of one organization', async () => {
  function item(orgId: number, word: string) {
    return {
      orgId,
      key: 'k',
      reason: 'invalid',
      detail: '',
      payload: { word },
      requestId: 'r',
      acceptedAt: new Date(),
    };
  }
  const items = quarantine(database.db);
  for (const word of ['1', '2', '3']) await items.insert('words', [item(1, word)]);
  await items.insert('words', [item(2, 'theirs')]);
  await items.insert('other', [item(1, 'of another queue')]);
  const first = await items.list('words', 1, { limit: 2 });
  expect(first.map(({ payload }) => payload)).toEqual([{ word: '3' }, { word: '2' }]);
  const before = { id: first[1]!.id, time: first[1]!.quarantinedAt };
  const next = await items.list('words', 1, { before, limit: 2 });
  expect(next.map(({ payload }) => payload)).toEqual([{ word: '1' }]);
});
