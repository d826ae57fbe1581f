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
  quarantinedPayloads,
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

/** Stores each row; throws the error that `fault` returns for it after the row was written. */
function storeUnless(fault: (row: IntakeRow<Word>) => Error | false): StoreRows<Word> {
  return async function storeRowsUnless(tx, rows) {
    for (const row of rows) {
      await storeWord(tx, row);
      const error = fault(row);
      if (error) throw error;
    }
    return [];
  };
}

/** The words of the test by location; each must be in exactly one. */
async function readLocations() {
  return {
    pending: await pendingWords(database.db),
    stored: await storedWords(database.db),
    quarantined: await quarantinedWords(database.db),
  };
}

function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), opened };
}

describe('drain', () => {
  test('stores every row, deletes it from the intake and reports the counts', async () => {
    const onDrained = vi.fn();
    const ids = await insertRows(database.db, ['a', 'b', 'c']);
    await drainWith(storeWords, { onDrained })(job(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a', 'b', 'c'], quarantined: [] });
    expect(onDrained).toHaveBeenCalledExactlyOnceWith({
      rows: 3,
      quarantined: 0,
      requestIds: ['request of a', 'request of b', 'request of c'],
    });
  });

  test('passes rows to the store oldest first, whatever the order of the ids', async () => {
    const ids = await insertRows(database.db, ['a', 'b', 'c']);
    const store = vi.fn(storeWords);
    await drainWith(store)(job([ids[2]!, ids[0]!, ids[1]!]));
    expect(store.mock.calls[0]![1].map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  });

  test('final rows appear and intake rows disappear in the same transaction', async () => {
    const [written, go] = [createGate(), createGate()];
    const ids = await insertRows(database.db, ['a']);
    const draining = drainWith(async (tx, rows) => {
      await storeWords(tx, rows);
      written.open();
      await go.opened;
      return [];
    })(job(ids));
    await written.opened;
    expect(await readLocations()).toEqual({ pending: ['a'], stored: [], quarantined: [] });
    go.open();
    await draining;
    expect(await readLocations()).toEqual({ pending: [], stored: ['a'], quarantined: [] });
  });

  test('a store that writes and then throws leaves its row in the intake', async () => {
    const ids = await insertRows(database.db, ['a']);
    await expect(drainWith(storeUnless(() => new Error('failed halfway')))(job(ids))).rejects.toThrow(
      'failed halfway',
    );
    expect(await readLocations()).toEqual({ pending: ['a'], stored: [], quarantined: [] });
  });

  test('a job delivered twice in sequence is stored once', async () => {
    const ids = await insertRows(database.db, ['a', 'b']);
    const store = vi.fn(storeWords);
    const drain = drainWith(store);
    for (let time = 0; time < 2; time++) await drain(job(ids));
    await drain(sweptJob(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a', 'b'], quarantined: [] });
    expect(store).toHaveBeenCalledTimes(1);
  });

  test('a job delivered ten times concurrently is stored once', async () => {
    const ids = await insertRows(database.db, ['a', 'b']);
    const drain = drainWith(storeWords);
    await Promise.all(Array.from({ length: 10 }, (_, i) => drain({ ids, swept: i % 2 === 1 })));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a', 'b'], quarantined: [] });
  });

  test('two workers with overlapping jobs store every row once without waiting for each other', async () => {
    const ids = await insertRows(database.db, ['a', 'b', 'c']);
    const [locked, go] = [createGate(), createGate()];
    const first = drainWith(async (tx, rows) => {
      locked.open();
      await go.opened;
      return storeWords(tx, rows);
    })(job([ids[0]!, ids[1]!]));
    await locked.opened;
    await drainWith(storeWords)(job([ids[1]!, ids[2]!]));
    expect(await readLocations()).toEqual({ pending: ['a', 'b'], stored: ['c'], quarantined: [] });
    go.open();
    await first;
    expect(await readLocations()).toEqual({ pending: [], stored: ['a', 'b', 'c'], quarantined: [] });
  });

  test('ids that no longer exist are ignored', async () => {
    await drainWith(storeWords)(job(['01890000-0000-7000-8000-000000000000']));
    await drainWith(storeWords)(sweptJob(['01890000-0000-7000-8000-000000000000']));
  });
});

describe('a row that cannot be stored', () => {
  test('is quarantined at once with its reason if it can never succeed', async () => {
    const onPoison = vi.fn();
    const ids = await insertRows(database.db, ['a', 'bad', 'z']);
    const store = storeUnless(
      ({ key }) => key === 'bad' && new Failure('unprocessable', 'The caller is missing.'),
    );
    await drainWith(store, { onPoison })(job(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a', 'z'], quarantined: ['bad'] });
    const [item] = await quarantined(database.db);
    expect(item).toMatchObject({
      reason: 'poison',
      detail: 'The caller is missing.',
      orgId: 1,
      key: 'bad',
      requestId: 'request of bad',
    });
    expect(onPoison).toHaveBeenCalledExactlyOnceWith(expect.any(Failure), { id: ids[1], attempts: 1 });
  });

  test('is quarantined at once if the database rejects its data', async () => {
    const ids = await insertRows(database.db, ['a', 'badword', 'z']);
    const store: StoreRows<Word> = async (tx, rows) => {
      for (const row of rows) {
        await storeWord(tx, row);
        if (row.key === 'badword') await tx.$executeRaw`SELECT ${'\u0000'}::text`;
      }
      return [];
    };
    await drainWith(store)(job(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a', 'z'], quarantined: ['badword'] });
  });

  test('is retried after an unknown error and quarantined after the last attempt', async () => {
    const onPoison = vi.fn();
    const ids = await insertRows(database.db, ['a', 'bad', 'z']);
    const drain = drainWith(
      storeUnless(({ key }) => key === 'bad' && new Error('a bug')),
      { onPoison },
    );
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
      await expect(drain(job(ids))).rejects.toThrow('a bug');
      expect(await readLocations()).toEqual({ pending: ['bad'], stored: ['a', 'z'], quarantined: [] });
    }
    await drain(job(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a', 'z'], quarantined: ['bad'] });
    expect((await quarantined(database.db))[0]!.detail).toContain('failed 5 times');
    expect(onPoison.mock.calls.map(([, { attempts }]) => attempts)).toEqual([1, 2, 3, 4, 5]);
    await drain(job(ids));
    expect(await quarantined(database.db)).toHaveLength(1);
  });

  test('has the same number of attempts when dispatched by the sweeper', async () => {
    const ids = await insertRows(database.db, ['bad']);
    const store = vi.fn(storeUnless(() => new Error('a bug')));
    const drain = drainWith(store);
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++)
      await expect(drain(sweptJob(ids))).rejects.toThrow('a bug');
    expect(await pendingWords(database.db)).toEqual(['bad']);
    await drain(sweptJob(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: [], quarantined: ['bad'] });
  });

  test('is retried after a retryable failure', async () => {
    const ids = await insertRows(database.db, ['a']);
    await expect(drainWith(storeUnless(() => new Failure('bad_gateway')))(job(ids))).rejects.toThrow(
      'Bad Gateway',
    );
    expect(await pendingWords(database.db)).toEqual(['a']);
    await drainWith(storeWords)(job(ids));
    expect(await storedWords(database.db)).toEqual(['a']);
  });

  test('is quarantined without another attempt if it killed its worker MAX_ATTEMPTS times', async () => {
    const ids = await insertRows(database.db, ['killer']);
    // A killed worker leaves only the counted attempt behind.
    for (let killed = 0; killed < MAX_ATTEMPTS; killed++) await intakeRows(database.db).countAttempt(ids);
    const store = vi.fn(storeWords);
    await drainWith(store)(sweptJob(ids));
    expect(store).not.toHaveBeenCalled();
    expect(await readLocations()).toEqual({ pending: [], stored: [], quarantined: ['killer'] });
  });

  test('has its swept attempt counted before the store runs', async () => {
    const ids = await insertRows(database.db, ['a']);
    let attempts: number | undefined;
    await drainWith(async (tx, rows) => {
      const [row] = await database.db.$queryRaw<[{ attempts: number }]>`SELECT attempts FROM intake`;
      ({ attempts } = row);
      return storeWords(tx, rows);
    })(sweptJob(ids));
    expect(attempts).toBe(1);
  });

  test('is quarantined even if the reason contains a NUL', async () => {
    const ids = await insertRows(database.db, ['bad']);
    await drainWith(storeUnless(() => new Failure('unprocessable', 'caller "a\u0000b" is not a number')))(
      job(ids),
    );
    expect((await quarantined(database.db))[0]!.detail).toContain('is not a number');
    expect(await pendingWords(database.db)).toEqual([]);
  });
});

describe('a row refused by the store', () => {
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

  test('is quarantined in the same transaction as the stored rows', async () => {
    const onDrained = vi.fn();
    const ids = await insertRows(database.db, ['a', 'b']);
    const store: StoreRows<Word> = async (tx, [a, b]) => {
      await storeWord(tx, a!);
      return [refuse(b!, b!.payload)];
    };
    await drainWith(store, { onDrained })(job(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a'], quarantined: ['b'] });
    expect(onDrained.mock.calls[0]![0]).toMatchObject({ rows: 2, quarantined: 1 });
  });

  test('is quarantined once, however often it arrives', async () => {
    const store: StoreRows<Word> = async (_tx, rows) =>
      rows.flatMap((row) => [refuse(row, row.payload), refuse(row, row.payload)]);
    for (let time = 0; time < 3; time++)
      await drainWith(store)(job(await insertRows(database.db, ['same', 'same'])));
    expect(await readLocations()).toEqual({ pending: [], stored: [], quarantined: ['same'] });
  });

  test('may be one of many thousands per transaction', async () => {
    const store: StoreRows<Word> = async (_tx, [row]) =>
      Array.from({ length: 10_000 }, (_, i) => refuse(row!, { word: `${i}` }));
    await drainWith(store)(job(await insertRows(database.db, ['many'])));
    expect(await quarantined(database.db)).toHaveLength(10_000);
    expect(await pendingWords(database.db)).toEqual([]);
  });

  test('keeps its payload unchanged', async () => {
    const word = `'"\\ \u0000 \ud800 🙂`;
    const store: StoreRows<Word> = async (_tx, rows) =>
      rows.map((row) => refuse({ ...row, key: 'k\u0000' }, { word }));
    await drainWith(store)(job(await insertRows(database.db, ['odd'])));
    expect(await quarantinedPayloads(database.db)).toStrictEqual([{ word }]);
  });
});

describe('a database connection lost during a drain', () => {
  const terminate = (tx: Queryable) => tx.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`;

  test('rejects, stores nothing, counts no attempt, and the job succeeds later', async () => {
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
    expect(await readLocations()).toEqual({ pending: ['a', 'b'], stored: [], quarantined: [] });
    expect(onPoison).not.toHaveBeenCalled();
    await drainWith(storeWords)(job(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a', 'b'], quarantined: [] });
  });

  test('never quarantines swept rows, however often it happens', async () => {
    const ids = await insertRows(database.db, ['a']);
    const drain = drainWith(async (tx) => {
      await terminate(tx);
      return [];
    });
    for (let time = 0; time <= MAX_ATTEMPTS + 1; time++) await expect(drain(sweptJob(ids))).rejects.toThrow();
    await drainWith(storeWords)(sweptJob(ids));
    expect(await readLocations()).toEqual({ pending: [], stored: ['a'], quarantined: [] });
  });

  test('stops the row-by-row retry at the first row', async () => {
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

  test('rejects at once if the database is down', async () => {
    const db = createDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', name: 'down' });
    onTestFinished(() => db.$disconnect());
    const startedAt = performance.now();
    const ids = Array.from({ length: 100 }, () => '01890000-0000-7000-8000-000000000000');
    await expect(createDrain(db, words, storeWords, silentHooks)(job(ids))).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('redrive', () => {
  async function quarantineWord(word: string): Promise<string> {
    await drainWith(storeUnless(() => new Failure('unprocessable')))(
      job(await insertRows(database.db, [word])),
    );
    return (await quarantined(database.db))[0]!.id;
  }

  test('moves a quarantined value back to the intake, where it is drained', async () => {
    const id = await quarantineWord('again');
    const add = vi.fn(async () => {});
    const redriven = await redrive(database.db, { add }, 1, id);
    expect(add).toHaveBeenCalledExactlyOnceWith({ ids: [redriven.id], swept: false });
    expect(await readLocations()).toEqual({ pending: ['again'], stored: [], quarantined: [] });
    await drainWith(storeWords)(job([redriven.id]));
    expect(await readLocations()).toEqual({ pending: [], stored: ['again'], quarantined: [] });
  });

  test('succeeds once if called twice concurrently', async () => {
    const id = await quarantineWord('again');
    const outcomes = await Promise.allSettled(
      [1, 2].map(() => redrive(database.db, { add: async () => {} }, 1, id)),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await readLocations()).toEqual({ pending: ['again'], stored: [], quarantined: [] });
  });

  test("throws not_found for another organization's item and leaves it in quarantine", async () => {
    const id = await quarantineWord('theirs');
    await expect(redrive(database.db, { add: async () => {} }, 2, id)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await readLocations()).toEqual({ pending: [], stored: [], quarantined: ['theirs'] });
  });

  test('succeeds if the queue is down: the row waits for the sweeper', async () => {
    const id = await quarantineWord('again');
    await redrive(database.db, { add: () => Promise.reject(new Error('down')) }, 1, id);
    expect(await pendingWords(database.db)).toEqual(['again']);
  });

  test('a value that still fails returns to quarantine', async () => {
    const id = await quarantineWord('bad');
    const redriven = await redrive(database.db, { add: async () => {} }, 1, id);
    await drainWith(storeUnless(() => new Failure('unprocessable')))(job([redriven.id]));
    expect(await readLocations()).toEqual({ pending: [], stored: [], quarantined: ['bad'] });
  });
});

test('quarantine.list pages through one organization and one queue, newest first', async () => {
  function createItem(orgId: number, word: string) {
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
  for (const word of ['1', '2', '3']) await items.insert('words', [{ ...createItem(1, word), key: word }]);
  await items.insert('words', [createItem(2, 'theirs')]);
  await items.insert('other', [createItem(1, 'of another queue')]);
  const first = await items.list('words', 1, { limit: 2 });
  expect(first.map(({ key }) => key)).toEqual(['3', '2']);
  const before = { id: first[1]!.id, time: first[1]!.quarantinedAt };
  const next = await items.list('words', 1, { before, limit: 2 });
  expect(next.map(({ key }) => key)).toEqual(['1']);
});
