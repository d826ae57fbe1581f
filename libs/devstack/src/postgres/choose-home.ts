import { createHash } from 'node:crypto';
import { access, chmod, chown, constants, mkdir, realpath, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Log } from '../log.ts';
import { ensureDataDir, describeFolderOwner } from '../ensure-data-dir.ts';
import { exists } from '../process/exists.ts';
import { runAs, type Account } from './run-as.ts';
import { chooseAccount } from './choose-account.ts';

/** Where PostgreSQL keeps what is its own (cluster, password, log), and who it runs as there. */
export type Home = { folder: string; account: Account | null };

/** Folder for the clusters whose data folder PostgreSQL's account cannot reach. */
export const FALLBACK_ROOT = '/var/lib/oriontel';

/**
 * `<dataDir>/postgres`, or a folder under /var/lib where the server's account cannot reach it: a checkout under
 * /root is closed to every user but root, who may not run PostgreSQL.
 */
export async function chooseHome(options: { dataDir: string; apartRoot: string; log: Log }): Promise<Home> {
  const { dataDir, log } = options;
  await ensureDataDir(dataDir);
  const beside = join(dataDir, 'postgres');
  const apart = join(options.apartRoot, await folderHash(dataDir));
  const found = await findFolderWithCluster([apart, beside]);
  const account = await chooseAccount(found && join(found, 'data'), log);
  if (!account) return { folder: await createOwnFolder(beside), account };
  if (found !== apart && (await createFolderFor(account, beside))) return { folder: beside, account };
  if (found === beside) throw new Error(unreachableMessage(beside, account));
  if (!(await createFolderFor(account, apart))) throw new Error(unreachableMessage(apart, account));
  log.info(
    { folder: apart, user: account.name },
    'PostgreSQL lives here: its user cannot reach the data folder',
  );
  return { folder: apart, account };
}

/** One name per folder, by whatever links it was reached. */
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

/** The system itself is asked (modes, ACLs and mounts of every folder above), not our reading of its rules. */
async function createFolderFor(account: Account, folder: string): Promise<boolean> {
  const parent = await mkdir(dirname(folder), { recursive: true });
  if (parent) await chmod(parent, 0o711);
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  await chown(folder, account.uid, account.gid);
  const reached = await runAs(account, '/bin/sh', ['-c', 'cd "$0" && test -w .', folder]);
  if (!reached.ok && made) await rmdir(folder);
  return reached.ok;
}

function unreachableMessage(folder: string, account: Account): string {
  return (
    `${folder} is out of reach for ${account.name}, which PostgreSQL must run as. ` +
    'Open the folders above it for passing through (chmod o+x), start as an ordinary user, or give DATABASE_URL.'
  );
}
