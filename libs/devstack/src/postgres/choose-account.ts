import { stat } from 'node:fs/promises';
import { isRoot } from '../ensure-data-dir.ts';
import type { Log } from '../log.ts';
import { runAs, type Account } from './run-as.ts';

/**
 * The account that PostgreSQL runs as; null for the current one. PostgreSQL refuses to run as root: root's
 * server runs as the owner of an existing cluster, else as `postgres`, else as a new system user, else as
 * `nobody`.
 */
export async function chooseAccount(cluster: string | null, log: Log): Promise<Account | null> {
  if (!isRoot()) return null;
  if (cluster) {
    const { uid, gid } = await stat(cluster);
    const { ok, output } = await runAs(null, 'id', ['-un', String(uid)]);
    return { name: ok ? output.trim() : `user id ${uid}`, uid, gid };
  }
  return (
    (await findAccount('postgres')) ??
    (await findAccount('oriontel')) ??
    (await createAccount(log)) ??
    (await nobodyAccount())
  );
}

async function findAccount(name: string): Promise<Account | null> {
  const [uid, gid] = await Promise.all([runAs(null, 'id', ['-u', name]), runAs(null, 'id', ['-g', name])]);
  return uid.ok && gid.ok ? { name, uid: Number(uid.output), gid: Number(gid.output) } : null;
}

async function createAccount(log: Log): Promise<Account | null> {
  const useradd = ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'oriontel'];
  const busybox = ['-S', '-D', '-H', '-s', '/bin/false', 'oriontel'];
  for (const [program, args] of [
    ['/usr/sbin/useradd', useradd],
    ['/usr/sbin/adduser', busybox],
  ] as const) {
    if (!(await runAs(null, program, [...args])).ok) continue;
    log.info({ user: 'oriontel' }, 'system user created: PostgreSQL does not run as root');
    return findAccount('oriontel');
  }
  return null;
}

async function nobodyAccount(): Promise<Account> {
  const account = await findAccount('nobody');
  if (account) return account;
  throw new Error(
    'PostgreSQL does not run as root and there is no other user. ' +
      'Start as an ordinary user, or set DATABASE_URL.',
  );
}
