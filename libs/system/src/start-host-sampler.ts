import { Failure, withTimeout } from '@oriontel/contracts';
import type { HostReading } from './host-reading.ts';
import { readHost } from './read-host.ts';

const SAMPLE_TIMEOUT_MS = 10_000;
/** latest() waits this long for the first sample. */
const FIRST_SAMPLE_TIMEOUT_MS = 5_000;
/** While samples fail, latest() returns the last reading for this long. */
const STALE_AFTER_MS = 60_000;

export interface HostSampler {
  /** Returns the last reading, or waits for the first one. @throws Failure unavailable */
  latest: () => Promise<HostReading>;
  close: () => void;
}

export interface HostSamplerOptions {
  /** From the end of one sample to the start of the next. @default 5_000 */
  intervalMs?: number;
  read?: () => Promise<HostReading>;
  /** Called for the first of several failures in a row. */
  onError: (error: Error) => void;
}

/** Samples the host periodically, one sample at a time, so that latest() need not wait. */
export function startHostSampler({
  intervalMs = 5_000,
  read = readHost,
  onError,
}: HostSamplerOptions): HostSampler {
  let last: { reading: HostReading; at: number } | null = null;
  let problem: Error | null = null;
  let currentSample = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function sample(): Promise<void> {
    try {
      const reading = await withTimeout(SAMPLE_TIMEOUT_MS, 'sampling the host', read());
      last = { reading, at: performance.now() };
      problem = null;
    } catch (error) {
      if (!problem) onError(error as Error);
      problem = error as Error;
    }
  }

  async function run(): Promise<void> {
    currentSample = sample();
    await currentSample;
    if (!isClosed) timer = setTimeout(() => void run(), intervalMs).unref();
  }
  void run();

  return {
    async latest() {
      if (!last)
        await withTimeout(FIRST_SAMPLE_TIMEOUT_MS, 'the first sample', currentSample).catch(() => {});
      if (last && performance.now() - last.at <= STALE_AFTER_MS) return last.reading;
      throw new Failure('unavailable', 'The host could not be sampled. Try again later.', {
        cause: problem ?? undefined,
        retryAfter: 5,
      });
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
