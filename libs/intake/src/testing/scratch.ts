import type { Database, Queryable } from '@oriontel/database';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { defineIntake } from '../define-intake.ts';
import type { DrainOptions, StoreRows } from '../create-drain.ts';
import { intakeRows, type IntakeRow } from '../intake.repository.ts';
import { quarantine } from '../quarantine.repository.ts';

/** The values of these tests, and the worker's final table for them: without a key, so that a second time would show. */
export interface Word {
  word: string;
}
export const words = defineIntake<Word>('words');

export async function createScratchDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.db.$executeRaw`CREATE TABLE stored (word text NOT NULL)`;
  return database;
}

export async function storeWord(tx: Queryable, { payload }: IntakeRow<Word>): Promise<void> {
  await tx.$executeRaw`INSERT INTO stored VALUES (${payload.word})`;
}

export const storeWords: StoreRows<Word> = async (tx, rows) => {
  for (const row of rows) await storeWord(tx, row);
  return [];
};

export async function storedWords(db: Database): Promise<string[]> {
  const rows = await db.$queryRaw<{ word: string }[]>`SELECT word FROM stored ORDER BY word`;
  return rows.map(({ word }) => word);
}

/** Rows as accept() leaves them when their job is lost. `grace` 0: the sweeper may take them at once. */
export async function insertRows(
  db: Database,
  texts: string[],
  grace = 15,
  queue = 'words',
): Promise<string[]> {
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
}

export async function pendingWords(db: Database): Promise<string[]> {
  const rows = await intakeRows(db).pending<Word>('words', null, { limit: 1_000 });
  return rows.map(({ payload }) => payload.word).sort();
}

export function quarantined(db: Database) {
  return quarantine(db).list('words', null, { limit: 10_000 });
}

export async function quarantinedWords(db: Database): Promise<string[]> {
  const items = await quarantined(db);
  return items.map(({ payload }) => (payload as Word).word).sort();
}

export const silentHooks: DrainOptions = { onDrained: () => {}, onPoison: () => {} };
