import pg from 'pg';
import { prismaFolder, readMigrations, readSchema, writeMigration } from './migrations.ts';
import { withSchemaEngine } from './schema-engine.ts';

const filters = { externalTables: [], externalEnums: [] };

/** Any constant: two processes that migrate one database at once wait for each other. */
const MIGRATION_LOCK = 7_017_215;

/**
 * Brings a database up to date: applies every migration it has not seen, then makes the months' partitions.
 * Writes the same _prisma_migrations table as `prisma migrate deploy`. Returns the names of those applied.
 */
export async function applyMigrations(databaseUrl: string, prisma = prismaFolder): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const migrationsList = await readMigrations(prisma);
    const { appliedMigrationNames } = await withSchemaEngine(databaseUrl, (engine) =>
      engine.applyMigrations({ migrationsList, filters }),
    );
    await client.query('SELECT make_month_partitions($1)', [MONTHS_AHEAD]);
    return appliedMigrationNames;
  } finally {
    await client.end();
  }
}

/** Months of partitions kept ready beyond the current one. */
export const MONTHS_AHEAD = 3;

/** The SQL by which the schema is ahead of the migrations; null where they agree. Needs leave to make a database. */
export async function pendingSchemaChange(
  databaseUrl: string,
  prisma = prismaFolder,
): Promise<string | null> {
  const from = { tag: 'migrations' as const, ...(await readMigrations(prisma)) };
  const to = { tag: 'schemaDatamodel' as const, files: await readSchema(prisma) };
  const { exitCode, stdout } = await withSchemaEngine(databaseUrl, (engine) =>
    engine.diff({ from, to, script: true, exitCode: true, filters }),
  );
  return exitCode === 0 ? null : stdout;
}

/** Writes the schema's change as a new migration. Returns its path, or null where there is no change. */
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
