import type { Database, Queryable } from '@oriontel/database';
import { openTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { defineIntake } from '../define-intake.ts';
import type { DrainOptions, Store } from '../drain.ts';
import { intakeRows, type IntakeRow } from '../intake.repository.ts';
import { quarantine } from '../quarantine.repository.ts';

/** The values of these tests, and the worker's final table for them: without a key, so that a second time would show. */
export interface Word {
  word: string;
}
export const words = defineIntake<Word>('words');

export const openScratch = async (): Promise<TestDatabase> => {
  const database = await openTestDatabase();
  await database.db.$executeRaw`CREATE TABLE stored (word text NOT NULL)`;
  return database;
};

export const storeWord = async (tx: Queryable, { payload }: IntakeRow<Word>): Promise<void> => {
  await tx.$executeRaw`INSERT INTO stored VALUES (${payload.word})`;
};

export const storeWords: Store<Word> = async (tx, rows) => {
  for (const row of rows) await storeWord(tx, row);
  return [];
};

export const storedWords = async (db: Database): Promise<string[]> => {
  const rows = await db.$queryRaw<{ word: string }[]>`SELECT word FROM stored ORDER BY word`;
  return rows.map(({ word }) => word);
};

/** Rows as accept() leaves them when their job is lost. `grace` 0: the sweeper may take them at once. */
export const putRows = async (
  db: Database,
  texts: string[],
  grace = 15,
  queue = 'words',
): Promise<string[]> => {
  const rows = texts.map((word) => ({
    id: uuidv7(),
    queue,
    orgId: 1,
    key: word,
    payload: JSON.stringify({ word }),
    requestId: `request of ${word}`,
  }));
  await intakeRows(db).insert(rows, grace);
  return rows.map(({ id }) => id);
};

export const pendingWords = async (db: Database): Promise<string[]> => {
  const rows = await intakeRows(db).pending<Word>('words', null, { limit: 1_000 });
  return rows.map(({ payload }) => payload.word).sort();
};

export const quarantined = (db: Database) => quarantine(db).list('words', null, { limit: 10_000 });

export const quarantinedWords = async (db: Database): Promise<string[]> => {
  const items = await quarantined(db);
  return items.map(({ payload }) => (payload as Word).word).sort();
};

export const silent: DrainOptions = { onDrained: () => {}, onPoison: () => {} };
