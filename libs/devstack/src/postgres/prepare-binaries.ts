import { chmod, cp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from '../process/exists.ts';
import type { Home } from './choose-home.ts';
import { hydrateLinks } from './hydrate-links.ts';
import { runAs } from './run-as.ts';

/**
 * The folder of programs that the server's account can run: that of npm, else a copy in the server's home
 * (node_modules may be read-only or not accessible). Verified by running one of them.
 * @throws Error if the copy does not run either.
 */
export async function prepareBinaries(native: string, home: Home): Promise<string> {
  if ((await hydrateLinks(native)) && (await checkBinaries(native, home)).ok) return native;
  const copy = join(home.folder, `programs-${await packageVersionOf(native)}`);
  if (!(await exists(copy))) await copyPrograms(native, copy);
  const check = await checkBinaries(copy, home);
  if (check.ok) return copy;
  throw new Error(
    `The packaged PostgreSQL does not run on this machine (${check.output}). Set DATABASE_URL.`,
  );
}

function checkBinaries(native: string, { account }: Home) {
  return runAs(account, join(native, 'bin', 'postgres'), ['--version']);
}

async function packageVersionOf(native: string): Promise<string> {
  return (JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')) as { version: string })
    .version;
}

/** Copies to a temporary name first, so that an incomplete copy is never used. */
async function copyPrograms(native: string, copy: string): Promise<void> {
  const draft = `${copy}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await hydrateLinks(draft);
  await makeReadable(draft);
  await rename(draft, copy);
}

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else if (entry.isFile()) await chmod(path, folder.endsWith('bin') ? 0o755 : 0o644);
  }
}
