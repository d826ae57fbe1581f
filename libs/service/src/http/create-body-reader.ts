import { Failure, type FailureCode, type Problem } from '@oriontel/contracts';
import { Piscina } from 'piscina';

/** What a thread program returns instead of a result: a Failure cannot leave its thread. */
export interface RefusedBody {
  kind: 'refused';
  code: FailureCode;
  message: string;
  details: Problem[];
}

export interface BodyTask {
  /** The raw body in blocks. */
  body: Uint8Array<ArrayBuffer>[];
}

export interface BodyReader<Task extends BodyTask, Result> {
  /**
   * Runs the program in a thread. The body's memory is transferred: the caller cannot use it afterward.
   * @throws Failure with the code of the program, too_large, unavailable
   */
  read: (task: Task) => Promise<Result>;
  close: () => Promise<void>;
}

export interface BodyReaderOptions {
  /** Limit for reading one body, including the wait for a thread. @default 30 seconds */
  timeoutMs?: number;
  /** Heap limit of one thread. @default 512 MiB */
  maxHeapMib?: number;
}

const READ_TIMEOUT_MS = 30_000;
/** Total size of the bodies that are parsed or wait for a thread. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;
/** Enough for 32 MiB of JSON. */
const MAX_HEAP_MIB = 512;
const MAX_THREADS = 2;
const IDLE_TIMEOUT_MS = 30_000;

/**
 * Creates a pool of threads that parse large bodies, to keep the event loop free. `file`: path of a built
 * program, whose default export takes a task and returns a result or a RefusedBody.
 */
export function createBodyReader<Task extends BodyTask, Result extends { kind: string }>(
  file: string,
  { timeoutMs = READ_TIMEOUT_MS, maxHeapMib = MAX_HEAP_MIB }: BodyReaderOptions = {},
): BodyReader<Task, Result> {
  const pool = new Piscina({
    filename: file,
    minThreads: 0,
    maxThreads: MAX_THREADS,
    idleTimeout: IDLE_TIMEOUT_MS,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
  });
  let waitingBytes = 0;

  function run(task: Task): Promise<Result | RefusedBody> {
    const transferList = task.body.map(({ buffer }) => buffer);
    return pool
      .run(task, { signal: AbortSignal.timeout(timeoutMs), transferList })
      .catch((cause: unknown) => {
        throw toFailure(cause);
      }) as Promise<Result | RefusedBody>;
  }

  async function read(task: Task): Promise<Result> {
    const bytes = task.body.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (waitingBytes + bytes > MAX_WAITING_BYTES) throw tooManyBodies();
    waitingBytes += bytes;
    const result = await run(task).finally(() => (waitingBytes -= bytes));
    if (isRefused(result)) throw new Failure(result.code, result.message, { details: result.details });
    return result;
  }

  return { read, close: () => pool.destroy() };
}

function isRefused(result: { kind: string }): result is RefusedBody {
  return result.kind === 'refused';
}

function tooManyBodies(cause?: unknown): Failure {
  return new Failure('unavailable', 'Too many large bodies are waiting: send this one again later.', {
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
  return name === 'AbortError' || name === 'TimeoutError' ? tooManyBodies(cause) : cause;
}
