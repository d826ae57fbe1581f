import pg from 'pg';
import { prismaFolder, readMigrations, readSchema, writeMigration } from './migrations.ts';
import { withSchemaEngine } from './schema-engine.ts';

const FILTERS = { externalTables: [], externalEnums: [] };

/** Key of the advisory lock that serializes concurrent migrations of one database; an arbitrary constant. */
const MIGRATION_LOCK_KEY = 7_017_215;

/**
 * Applies pending migrations, then creates the partitions. Uses the table _prisma_migrations like
 * `prisma migrate deploy`. Returns the names of the applied migrations.
 */
export async function applyMigrations(databaseUrl: string, prisma = prismaFolder): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK_KEY]);
    const migrationsList = await readMigrations(prisma);
    const { appliedMigrationNames } = await withSchemaEngine(databaseUrl, (engine) =>
      engine.applyMigrations({ migrationsList, filters: FILTERS }),
    );
    await client.query('SELECT make_partitions($1, $2)', [WEEKS_AHEAD, MONTHS_AHEAD]);
    return appliedMigrationNames;
  } finally {
    await client.end();
  }
}

/** Weekly partitions of `cdrs` created ahead of the current week. */
export const WEEKS_AHEAD = 3;
/** Monthly partitions of the other tables created ahead of the current month. */
export const MONTHS_AHEAD = 3;

/**
 * Returns the SQL that the migrations lack compared to the schema; null if they match. Needs permission to
 * create a database.
 */
export async function pendingSchemaChange(
  databaseUrl: string,
  prisma = prismaFolder,
): Promise<string | null> {
  const from = { tag: 'migrations' as const, ...(await readMigrations(prisma)) };
  const to = { tag: 'schemaDatamodel' as const, files: await readSchema(prisma) };
  const { exitCode, stdout } = await withSchemaEngine(databaseUrl, (engine) =>
    engine.diff({ from, to, script: true, exitCode: true, filters: FILTERS }),
  );
  return exitCode === 0 ? null : stdout;
}

/** Writes the pending schema change as a new migration. Returns its path, or null if there is no change. */
export async function newMigration(
  databaseUrl: string,
  name: string,
  now: Date,
  prisma = prismaFolder,
): Promise<string | null> {
  const sql = await pendingSchemaChange(databaseUrl, prisma);
  const stamp = now.toISOString().replace(/\D/g, '').slice(0, 14);
  return sql && writeMigration(prisma, `${stamp}_${name.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`, sql);
}
