import { applyMigrations, newMigration, pendingSchemaChange } from './migrate.ts';

const USAGE = `Usage, with DATABASE_URL set:
  npm run db:migrate                 apply pending migrations
  npm run db:migration -- <name>     write the schema change as a new migration
  npm run db:check                   fail if schema and migrations differ`;

export interface CommandResult {
  exitCode: 0 | 1;
  /** For standard output, or for standard error if the command failed. */
  message: string;
}

/** Runs `apply`, `new <name>` or `check`; without a command `apply`. */
export async function runMigrateCommand(
  url: string | undefined,
  [command = 'apply', name]: string[],
): Promise<CommandResult> {
  if (!url) return failed('DATABASE_URL is not set: set it to a postgres:// URL.');
  try {
    if (command === 'apply') return await runApply(url);
    if (command === 'new' && name) return await runNew(url, name);
    if (command === 'check') return await runCheck(url);
    return failed(USAGE);
  } catch (error) {
    return failed((error as Error).message);
  }
}

async function runApply(url: string): Promise<CommandResult> {
  const applied = await applyMigrations(url);
  return succeeded(applied.length ? `Applied ${applied.join(', ')}.` : 'Nothing to apply.');
}

async function runNew(url: string, name: string): Promise<CommandResult> {
  const path = await newMigration(url, name, new Date());
  return succeeded(
    path ? `Wrote ${path}: review it before you apply it.` : 'Schema and migrations match: nothing to write.',
  );
}

async function runCheck(url: string): Promise<CommandResult> {
  const change = await pendingSchemaChange(url);
  return change
    ? failed(`The schema has changes without a migration:\n${change}`)
    : succeeded('Schema and migrations match.');
}

function succeeded(message: string): CommandResult {
  return { exitCode: 0, message };
}

function failed(message: string): CommandResult {
  return { exitCode: 1, message };
}
