import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The path of the first redis-server, else of the first valkey-server, in a PATH; null if there is none. */
export async function findRedis(path: string | undefined): Promise<string | null> {
  const folders = (path ?? '').split(delimiter).filter(Boolean);
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of folders) {
      const file = join(folder, name);
      if (await isExecutable(file)) return file;
    }
  }
  return null;
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
