import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';

/**
 * Creates the data folder if it does not exist. Root's folder gets mode 0711, because root's PostgreSQL runs
 * as another user, others 0700; secrets in it have their own modes.
 * @throws Error with one line if the folder cannot be created or used.
 */
export async function ensureDataDir(dataDir: string): Promise<void> {
  const created = await mkdir(dataDir, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Cannot create the data folder ${dataDir}: ${error.message}`, { cause: error });
  });
  if (created) await chmod(dataDir, isRoot() ? 0o711 : 0o700);
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(await describeFolderOwner(dataDir), { cause });
  }
}

/** An error message for a folder of another user: why it cannot be used and what to do. */
export async function describeFolderOwner(folder: string): Promise<string> {
  const owner = await stat(folder).then(
    ({ uid }) => (uid === 0 ? 'root' : `user id ${uid}`),
    () => 'another user',
  );
  return (
    `${folder} belongs to ${owner} and cannot be used by this one (user id ${process.geteuid?.()}). ` +
    'Start as its owner, or set DATA_DIR to another folder.'
  );
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
