import { randomBytes } from 'node:crypto';
import { chown, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../process/exists.ts';
import { ensureSecret } from '../process/ensure-secret.ts';
import type { Home } from './choose-home.ts';
import { runAs } from './run-as.ts';

export type Cluster = { data: string; password: string };

/**
 * Creates the cluster at the first start. It is created under a temporary name and renamed when it is
 * complete: the next start removes what a killed one left.
 */
export async function ensureCluster(options: {
  home: Home;
  native: string;
  durable: boolean;
}): Promise<Cluster> {
  const { folder, account } = options.home;
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const password = await ensureSecret(passwordFile);
  await removeDrafts(folder);
  if (await exists(join(data, 'PG_VERSION'))) return { data, password };
  if (account) await chown(passwordFile, account.uid, account.gid);
  const draft = join(folder, `data.new-${randomBytes(4).toString('hex')}`);
  await initCluster({ ...options, draft, passwordFile });
  await rename(draft, data);
  if (options.durable) await syncFolder(folder);
  return { data, password };
}

async function removeDrafts(folder: string): Promise<void> {
  const drafts = (await readdir(folder)).filter((name) => name.startsWith('data.new-'));
  await Promise.all(drafts.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function initCluster(options: {
  home: Home;
  native: string;
  durable: boolean;
  draft: string;
  passwordFile: string;
}): Promise<void> {
  const result = await runAs(options.home.account, join(options.native, 'bin', 'initdb'), [
    `--pgdata=${options.draft}`,
    '--username=oriontel',
    `--pwfile=${options.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // As fast as C, supports prefix searches, and has case mapping for all of Unicode. Its sort order does
    // not depend on the C library, whose upgrades can corrupt indexes.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    ...(options.durable ? [] : ['--no-sync']),
  ]);
  if (!result.ok) throw new Error(`initdb of PostgreSQL failed: ${result.output}`);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
