import { totalmem } from 'node:os';

export type Settings = Record<string, string>;

const MEBIBYTE = 2 ** 20;
const MIN_SHARED_BUFFERS_MIB = 128;
const MAX_SHARED_BUFFERS_MIB = 1024;

/** An eighth of the memory, within bounds: the machine also runs the apps. */
export function sharedBuffersMebibytes(memoryBytes: number): number {
  const share = Math.floor(memoryBytes / 8 / MEBIBYTE);
  return Math.min(MAX_SHARED_BUFFERS_MIB, Math.max(MIN_SHARED_BUFFERS_MIB, share));
}

/**
 * For a machine that also runs the apps. fsync stays on: acknowledged writes must survive a power failure.
 */
export const defaultSettings: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: `${sharedBuffersMebibytes(totalmem())}MB`,
  max_wal_size: '2GB',
  // pglz, the only method of the embedded server, costs more than it saves: COPY into a full `cdrs` takes
  // more than twice as long with it (docs/decisions/0003-cdr-storage.md).
  wal_compression: 'off',
  // Our queries are short: compiling them costs more than it saves.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  logging_collector: 'off',
};

/** For tests: no data needs to survive a crash. */
export const ephemeralSettings: Settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '128MB',
  autovacuum_naptime: '10min',
};

export function settingsAsArguments(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
