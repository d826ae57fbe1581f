import type { Database, Queryable } from '@oriontel/database';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { defineIntake } from '../define-intake.ts';
import type { DrainOptions } from '../create-drain.ts';
import { intakeRows, type IntakeRow, type NewQuarantineItem } from '../intake.repository.ts';
import { quarantine } from '../quarantine.repository.ts';

/** The accepted value of the intake tests. */
export interface Word {
  word: string;
}
export const words = defineIntake<Word>('words');

/** The final table `stored` has no key, so that a row stored twice is visible. */
export async function createScratchDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.db.$executeRaw`CREATE TABLE stored (word text NOT NULL)`;
  return database;
}

export async function storeWord(tx: Queryable, { payload }: IntakeRow<Word>): Promise<void> {
  await tx.$executeRaw`INSERT INTO stored VALUES (${payload.word})`;
}

export async function storeWords(tx: Queryable, rows: IntakeRow<Word>[]): Promise<NewQuarantineItem[]> {
  for (const row of rows) await storeWord(tx, row);
  return [];
}

export async function storedWords(db: Database): Promise<string[]> {
  const rows = await db.$queryRaw<{ word: string }[]>`SELECT word FROM stored ORDER BY word`;
  return rows.map(({ word }) => word);
}

/**
 * Inserts rows like `accept` does, without a job. With a negative `graceSeconds` they are due for a sweep at
 * once.
 */
export async function insertRows(
  db: Database,
  texts: string[],
  graceSeconds = 15,
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
  await intakeRows(db).insert(rows, graceSeconds);
  return rows.map(({ id }) => id);
}

export async function pendingWords(db: Database): Promise<string[]> {
  const rows = await intakeRows(db).pending<Word>('words', null, { limit: 1_000 });
  return rows.map(({ payload }) => payload.word).sort();
}

export function quarantined(db: Database) {
  return quarantine(db).list('words', null, { limit: 10_000 });
}

/** The payloads of `quarantined`, in the same order. */
export async function quarantinedPayloads(db: Database): Promise<unknown[]> {
  const entries = await quarantined(db);
  const contents = entries.map(({ id }) => quarantine(db).findContent('words', null, id));
  return (await Promise.all(contents)).map((text) => JSON.parse(text!) as unknown);
}

export async function quarantinedWords(db: Database): Promise<string[]> {
  const payloads = await quarantinedPayloads(db);
  return payloads.map((payload) => (payload as Word).word).sort();
}

export const silentHooks: DrainOptions = { onDrained: () => {}, onPoison: () => {} };
