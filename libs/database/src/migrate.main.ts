import { applyMigrations, newMigration, pendingSchemaChange } from './migrate.ts';

const USAGE = `Usage, with DATABASE_URL set:
  npm run db:migrate                 apply pending migrations
  npm run db:migration -- <name>     write the schema change as a new migration
  npm run db:check                   fail if schema and migrations differ`;

async function run(url: string | undefined, [command, name]: string[]): Promise<number> {
  if (!url) return fail('DATABASE_URL is not set: set it to a postgres:// URL.');
  if (command === 'apply' || command === undefined) {
    const applied = await applyMigrations(url);
    console.log(applied.length ? `Applied ${applied.join(', ')}.` : 'Nothing to apply.');
    return 0;
  }
  if (command === 'new' && name) {
    const path = await newMigration(url, name, new Date());
    console.log(
      path
        ? `Wrote ${path}: review it before you apply it.`
        : 'Schema and migrations match: nothing to write.',
    );
    return 0;
  }
  if (command === 'check') {
    const change = await pendingSchemaChange(url);
    return change ? fail(`The schema has changes without a migration:\n${change}`) : 0;
  }
  return fail(USAGE);
}

function fail(message: string): number {
  console.error(message);
  return 1;
}

process.exit(
  await run(process.env['DATABASE_URL'], process.argv.slice(2)).catch((error: Error) => fail(error.message)),
);
