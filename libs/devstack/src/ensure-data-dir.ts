import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';

/**
 * Makes the folder where it is missing; every secret in it has a mode of its own. Root's is left open for passing
 * through, because its database runs as another user.
 */
export async function ensureDataDir(dataDir: string): Promise<void> {
  const made = await mkdir(dataDir, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Cannot make the data folder ${dataDir}: ${error.message}`, { cause: error });
  });
  if (made) await chmod(dataDir, isRoot() ? 0o711 : 0o700);
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(await describeFolderOwner(dataDir), { cause });
  }
}

/** Says in one line why a folder another user made cannot be used, and what to do about it. */
export async function describeFolderOwner(folder: string): Promise<string> {
  const owner = await stat(folder).then(
    ({ uid }) => (uid === 0 ? 'root' : `user id ${uid}`),
    () => 'another user',
  );
  return (
    `${folder} belongs to ${owner} and cannot be used by this one (user id ${process.geteuid?.()}). ` +
    'Start as its owner, or choose another folder by DATA_DIR.'
  );
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
