import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runMigrateCommand } from './run-migrate-command.ts';
import { createEmptyDatabase, type TestDatabase } from './testing.ts';

vi.setConfig({ testTimeout: 60_000 });

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database.drop());

test('apply is the default: it migrates the database and then has nothing to apply', async () => {
  const first = await runMigrateCommand(database.url, []);
  expect(first).toEqual({ exitCode: 0, message: expect.stringMatching(/^Applied 2026/) as string });
  const second = await runMigrateCommand(database.url, ['apply']);
  expect(second).toEqual({ exitCode: 0, message: 'Nothing to apply.' });
});

test('check succeeds if schema and migrations match', async () => {
  const result = await runMigrateCommand(database.url, ['check']);
  expect(result).toEqual({ exitCode: 0, message: 'Schema and migrations match.' });
});

test('new writes nothing if schema and migrations match', async () => {
  const result = await runMigrateCommand(database.url, ['new', 'nothing']);
  expect(result).toEqual({ exitCode: 0, message: 'Schema and migrations match: nothing to write.' });
});

test.each([
  ['without a URL', undefined, ['apply'], 'DATABASE_URL is not set'],
  ['for an unknown command', 'postgresql://x', ['undo'], 'Usage'],
  ['for a missing name', 'postgresql://x', ['new'], 'Usage'],
  ['if the database is unreachable', 'postgresql://nobody@127.0.0.1:1/none', ['apply'], 'ECONNREFUSED'],
])('runMigrateCommand fails %s', async (_what, url, args, message) => {
  const result = await runMigrateCommand(url, args);
  expect(result).toEqual({ exitCode: 1, message: expect.stringContaining(message) as string });
});
