import { appendFile, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { applyMigrations, newMigration, pendingSchemaChange } from './migrate.ts';
import { prismaFolder } from './migrations.ts';
import { withDatabase } from './schema-engine.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './testing.ts';

vi.setConfig({ testTimeout: 60_000 });

async function createTemporaryDatabase(): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  onTestFinished(database.drop);
  return database;
}

/** Copies prisma/ and adds a model without a migration. */
async function createChangedPrismaFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'prisma-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(prismaFolder, folder, { recursive: true });
  await appendFile(
    join(folder, 'models', 'intake.prisma'),
    '\nmodel Extra {\n  id Int @id\n\n  @@map("extra")\n}\n',
  );
  return folder;
}

function readMigrationLog({ db }: TestDatabase) {
  return db.$queryRaw<{ migration_name: string; finished: boolean }[]>`
    SELECT migration_name, finished_at IS NOT NULL AND rolled_back_at IS NULL AS finished
    FROM _prisma_migrations
    ORDER BY migration_name`;
}

function shadowDatabases({ db }: TestDatabase) {
  return db.$queryRaw`
    SELECT datname
    FROM pg_database
    WHERE datname LIKE 'oriontel\\_shadow\\_%'`;
}

test('applyMigrations migrates an empty database and does nothing the second time', async () => {
  const database = await createTemporaryDatabase();
  const applied = await applyMigrations(database.url);
  expect(applied).toContain('20261122080000_first_road');
  expect(await applyMigrations(database.url)).toEqual([]);
  expect(await readMigrationLog(database)).toEqual(
    applied.map((migration_name) => ({ migration_name, finished: true })),
  );
  expect(await database.db.organization.findMany({ select: { id: true, name: true } })).toEqual([
    { id: 1, name: 'Default' },
  ]);
});

test('concurrent applyMigrations apply each migration once, and both succeed', async () => {
  const database = await createTemporaryDatabase();
  const [one, two] = await Promise.all([applyMigrations(database.url), applyMigrations(database.url)]);
  expect([one.length, two.length].sort()).toEqual([0, (await readMigrationLog(database)).length]);
});

test('applyMigrations leaves no connection open', async () => {
  const { db, url } = await createTemporaryDatabase();
  await applyMigrations(url);
  const name = new URL(url).pathname.slice(1);
  const others = await db.$queryRaw`
    SELECT application_name, state, query
    FROM pg_stat_activity
    WHERE datname = ${name}
      AND application_name <> 'test'`;
  expect(others).toEqual([]);
});

test('a failed migration is rolled back and reports the error', async () => {
  const database = await createTemporaryDatabase();
  const folder = await createChangedPrismaFolder();
  const path = await newMigration(database.url, 'broken', new Date('2099-01-01'), folder);
  await appendFile(path!, '\nSELECT 1 / 0;\n');
  await expect(applyMigrations(database.url, folder)).rejects.toThrow(/division by zero/);
  expect(await database.db.$queryRaw`SELECT to_regclass('extra')::text AS extra`).toEqual([{ extra: null }]);
  await expect(applyMigrations(database.url, folder)).rejects.toThrow(/failed migrations/);
});

test('the schema and the migrations of this repository match', async () => {
  const database = await createTemporaryDatabase();
  expect(await pendingSchemaChange(database.url)).toBeNull();
  expect(await shadowDatabases(database)).toEqual([]);
});

test('newMigration writes the pending schema change, which applyMigrations then applies', async () => {
  const database = await createTemporaryDatabase();
  const folder = await createChangedPrismaFolder();
  expect(await pendingSchemaChange(database.url, folder)).toContain('CREATE TABLE "extra"');
  const path = await newMigration(database.url, 'Add: Extra', new Date('2099-01-02T03:04:05.678Z'), folder);
  expect(path).toBe(join(folder, 'migrations', '20990102030405_add_extra', 'migration.sql'));
  expect(await readFile(path!, 'utf8')).toContain('CREATE TABLE "extra"');
  expect(await applyMigrations(database.url, folder)).toContain('20990102030405_add_extra');
  expect(await pendingSchemaChange(database.url, folder)).toBeNull();
  expect(await newMigration(database.url, 'again', new Date(), folder)).toBeNull();
});

test('pendingSchemaChange changes neither the database nor its data', async () => {
  const database = await createTestDatabase();
  onTestFinished(database.drop);
  await database.db.organization.create({ data: { name: 'Kept' } });
  const before = await readMigrationLog(database);
  await pendingSchemaChange(database.url, await createChangedPrismaFolder());
  expect(await readMigrationLog(database)).toEqual(before);
  expect(await database.db.organization.count()).toBe(2);
});

test('pendingSchemaChange drops its shadow database after a broken migration', async () => {
  const database = await createTemporaryDatabase();
  const folder = await createChangedPrismaFolder();
  const path = await newMigration(database.url, 'broken', new Date('2099-01-01'), folder);
  await appendFile(path!, '\nSELECT 1 / 0;\n');
  await expect(pendingSchemaChange(database.url, folder)).rejects.toThrow(/division by zero/);
  expect(await shadowDatabases(database)).toEqual([]);
});

test('withDatabase replaces only the database name', () => {
  expect(
    withDatabase(
      'postgresql://me:p%40ss@db.example:5433/one?sslmode=require&options=-c%20TimeZone%3DUTC',
      'two',
    ),
  ).toBe('postgresql://me:p%40ss@db.example:5433/two?sslmode=require&options=-c%20TimeZone%3DUTC');
});
