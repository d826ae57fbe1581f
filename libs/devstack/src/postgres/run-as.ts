import { execFile } from 'node:child_process';

export type Account = { name: string; uid: number; gid: number };
export type RunResult = { ok: true; output: string } | { ok: false; output: string };

/**
 * Runs a program to its end as the given account (null: the current one). It does not get our environment,
 * because variables such as PGPORT change what PostgreSQL's programs do. The working folder is /, which every
 * account can enter.
 */
export function runAs(account: Account | null, file: string, args: string[]): Promise<RunResult> {
  return new Promise((resolve) => {
    const options = { cwd: '/', env: serverEnv, ...(account && { uid: account.uid, gid: account.gid }) };
    execFile(file, args, options, (error, stdout, stderr) => {
      if (!error) return resolve({ ok: true, output: stdout });
      resolve({ ok: false, output: stderr.trim() || error.message });
    });
  });
}

export const serverEnv: NodeJS.ProcessEnv = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
