import { createHash } from 'node:crypto';
import { access, chmod, chown, constants, mkdir, realpath, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Log } from '../log.ts';
import { ensureDataDir, describeFolderOwner } from '../ensure-data-dir.ts';
import { exists } from '../process/exists.ts';
import { runAs, type Account } from './run-as.ts';
import { chooseAccount } from './choose-account.ts';

/**
 * The folder of PostgreSQL's cluster, password and log, and the account it runs as; null for the current one.
 */
export type Home = { folder: string; account: Account | null };

/** Folder for the clusters whose data folder PostgreSQL's account cannot reach. */
export const FALLBACK_ROOT = '/var/lib/oriontel';

/**
 * `<dataDir>/postgres`, or a folder below `fallbackRoot` if the server's account cannot reach it: a checkout
 * below /root is closed to every user but root, who may not run PostgreSQL.
 */
export async function chooseHome(options: {
  dataDir: string;
  fallbackRoot: string;
  log: Log;
}): Promise<Home> {
  const { dataDir, log } = options;
  await ensureDataDir(dataDir);
  const inDataDir = join(dataDir, 'postgres');
  const fallback = join(options.fallbackRoot, await folderHash(dataDir));
  const found = await findFolderWithCluster([fallback, inDataDir]);
  const account = await chooseAccount(found && join(found, 'data'), log);
  if (!account) return { folder: await createOwnFolder(inDataDir), account };
  if (found !== fallback && (await createFolderFor(account, inDataDir)))
    return { folder: inDataDir, account };
  if (found === inDataDir) throw new Error(unreachableMessage(inDataDir, account));
  if (!(await createFolderFor(account, fallback))) throw new Error(unreachableMessage(fallback, account));
  log.info(
    { folder: fallback, user: account.name },
    'PostgreSQL uses this folder: its user cannot reach the data folder',
  );
  return { folder: fallback, account };
}

/** The same for every path to the folder. */
async function folderHash(folder: string): Promise<string> {
  return createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 16);
}

async function findFolderWithCluster(folders: string[]): Promise<string | null> {
  for (const folder of folders) if (await exists(join(folder, 'data', 'PG_VERSION'))) return folder;
  return null;
}

async function createOwnFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return folder;
  } catch (cause) {
    throw new Error(await describeFolderOwner(folder), { cause });
  }
}

/**
 * Creates a folder of the account; false if the account cannot enter it. The account tries it, because modes,
 * ACLs and mounts of every parent folder count.
 */
async function createFolderFor(account: Account, folder: string): Promise<boolean> {
  const parent = await mkdir(dirname(folder), { recursive: true });
  if (parent) await chmod(parent, 0o711);
  const created = await mkdir(folder, { recursive: true, mode: 0o700 });
  await chown(folder, account.uid, account.gid);
  const reachable = await runAs(account, '/bin/sh', ['-c', 'cd "$0" && test -w .', folder]);
  if (!reachable.ok && created) await rmdir(folder);
  return reachable.ok;
}

function unreachableMessage(folder: string, account: Account): string {
  return (
    `${account.name}, which PostgreSQL must run as, cannot reach ${folder}. ` +
    'Allow it to enter the parent folders (chmod o+x), start as an ordinary user, or set DATABASE_URL.'
  );
}
