import { Failure } from '@oriontel/contracts';
import { Piscina } from 'piscina';
import type { ImportTask, ReadImport, RefusedImport } from './read-import.ts';

export interface ImportReader {
  /**
   * Parses an import in a thread. The body's memory is transferred: the caller cannot use it afterward.
   * @throws Failure bad_request, unprocessable, too_large, unavailable
   */
  read: (task: ImportTask) => Promise<ReadImport>;
  close: () => Promise<void>;
}

const READ_TIMEOUT_MS = 30_000;
/** Total size of the bodies that are parsed or wait for a thread. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
/** Enough for 32 MiB of entries, not for 32 MiB of brackets. */
const MAX_HEAP_MIB = 512;
const MAX_THREADS = 2;
const IDLE_TIMEOUT_MS = 30_000;

export interface ImportReaderOptions {
  /** Limit for parsing one import, including the wait for a thread. @default 30 seconds */
  timeoutMs?: number;
  /** Heap limit of one thread. @default 512 MiB */
  maxHeapMib?: number;
}

/** Creates a pool of threads that parse imports. `file`: path of the built read-import.main.ts. */
export function createImportReader(
  file: string,
  { timeoutMs = READ_TIMEOUT_MS, maxHeapMib = MAX_HEAP_MIB }: ImportReaderOptions = {},
): ImportReader {
  const pool = new Piscina({
    filename: file,
    minThreads: 0,
    maxThreads: MAX_THREADS,
    idleTimeout: IDLE_TIMEOUT_MS,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
  });
  let waitingBytes = 0;

  function run(task: ImportTask): Promise<ReadImport | RefusedImport> {
    const transferList = task.body.map(({ buffer }) => buffer);
    return pool
      .run(task, { signal: AbortSignal.timeout(timeoutMs), transferList })
      .catch((cause: unknown) => {
        throw toFailure(cause);
      }) as Promise<ReadImport | RefusedImport>;
  }

  async function read(task: ImportTask): Promise<ReadImport> {
    const bytes = task.body.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (waitingBytes + bytes > MAX_WAITING_BYTES) throw tooManyImports();
    waitingBytes += bytes;
    const result = await run(task).finally(() => (waitingBytes -= bytes));
    if (result.kind === 'read') return result;
    throw new Failure(result.code, result.message, { details: result.details });
  }

  return { read, close: () => pool.destroy() };
}

function tooManyImports(cause?: unknown): Failure {
  return new Failure('unavailable', 'Too many imports are waiting: send this one again later.', {
    cause,
    retryAfter: 2,
  });
}

function toFailure(cause: unknown): unknown {
  const { code, name } = cause as { code?: string; name?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new Failure('too_large', 'The body contains too many values: send it in smaller parts.', {
      cause,
    });
  return name === 'AbortError' || name === 'TimeoutError' ? tooManyImports(cause) : cause;
}
