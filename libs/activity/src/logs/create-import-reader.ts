import { Failure } from '@oriontel/contracts';
import { Piscina } from 'piscina';
import type { ImportTask, ReadImport, RefusedImport } from './read-import.ts';

export interface ImportReader {
  /** Takes the body over: it is empty afterward. @throws Failure bad_request, unprocessable, too_large, unavailable */
  read: (task: ImportTask) => Promise<ReadImport>;
  close: () => Promise<void>;
}

/** Milliseconds, the wait for a thread included. */
const READ_TIMEOUT_MS = 30_000;
/** Of bodies that are read or wait for it. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
/** Of one thread's heap, in MiB: what 32 MiB of entries take, and not what 32 MiB of brackets would. */
const MAX_HEAP_MIB = 512;

/** Reads imports in threads of its own, so that no other request waits for them. `file` is the built read-import.main.ts. */
export function createImportReader(file: string): ImportReader {
  const pool = new Piscina({
    filename: file,
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: 30_000,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  let waiting = 0;

  function run(task: ImportTask): Promise<ReadImport | RefusedImport> {
    const transferList = task.body.map(({ buffer }) => buffer);
    return pool
      .run(task, { signal: AbortSignal.timeout(READ_TIMEOUT_MS), transferList })
      .catch((cause: unknown) => {
        throw toFailure(cause);
      }) as Promise<ReadImport | RefusedImport>;
  }

  return {
    async read(task) {
      const bytes = task.body.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (waiting + bytes > MAX_WAITING_BYTES) throw busy();
      waiting += bytes;
      const read = await run(task).finally(() => (waiting -= bytes));
      if (read.kind === 'read') return read;
      throw new Failure(read.code, read.message, { details: read.details });
    },
    close: () => pool.destroy(),
  };
}

function busy(cause?: unknown): Failure {
  return new Failure('unavailable', 'Too many imports at once: send the same again later.', {
    cause,
    retryAfter: 2,
  });
}

function toFailure(cause: unknown): unknown {
  const { code, name } = cause as { code?: string; name?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new Failure('too_large', 'The body holds too many values: send it in smaller parts.', { cause });
  return name === 'AbortError' || name === 'TimeoutError' ? busy(cause) : cause;
}
