import { chmod, cp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from '../process/exists.ts';
import type { Home } from './choose-home.ts';
import { hydrateLinks } from './hydrate-links.ts';
import { runAs } from './run-as.ts';

/**
 * The folder of programs the server's account can run: npm's own where that works, else a copy in the server's home
 * (node_modules read-only, another user's, or closed to the account). Tried by running one of them.
 */
export const prepareBinaries = async (native: string, home: Home): Promise<string> => {
  if ((await hydrateLinks(native)) && (await tryOut(native, home)).ok) return native;
  const copy = join(home.folder, `programs-${await versionOf(native)}`);
  if (!(await exists(copy))) await copyPrograms(native, copy);
  const tried = await tryOut(copy, home);
  if (tried.ok) return copy;
  throw new Error(
    `The packaged PostgreSQL does not run on this machine (${tried.output}). Give DATABASE_URL.`,
  );
};

const tryOut = (native: string, { account }: Home) =>
  runAs(account, join(native, 'bin', 'postgres'), ['--version']);

const versionOf = async (native: string): Promise<string> =>
  (JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')) as { version: string }).version;

/** Under another name first: a copy that was interrupted is never taken for a whole one. */
const copyPrograms = async (native: string, copy: string): Promise<void> => {
  const draft = `${copy}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await hydrateLinks(draft);
  await openForReading(draft);
  await rename(draft, copy);
};

const openForReading = async (folder: string): Promise<void> => {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openForReading(path);
    else if (entry.isFile()) await chmod(path, folder.endsWith('bin') ? 0o755 : 0o644);
  }
};
