import { Failure, withTimeout } from '@oriontel/contracts';
import type { HostReading } from './host-reading.ts';
import { readHost } from './read-host.ts';

/** Milliseconds. */
const SAMPLE_TIMEOUT_MS = 10_000;
const FIRST_SAMPLE_TIMEOUT_MS = 5_000;
const STALE_AFTER_MS = 60_000;

export interface HostSampler {
  /** The last reading, at once; before there is any, the first. @throws Failure unavailable */
  latest: () => Promise<HostReading>;
  close: () => void;
}

export interface HostSamplerOptions {
  /** Milliseconds from the end of one sample to the start of the next; default 5,000. */
  intervalMs?: number;
  read?: () => Promise<HostReading>;
  /** Told when samples begin to fail, and not again before one was good. */
  onError: (error: Error) => void;
}

/** Samples the host again and again, one sample at a time, so that whoever asks need not wait for it. */
export function startHostSampler({
  intervalMs = 5_000,
  read = readHost,
  onError,
}: HostSamplerOptions): HostSampler {
  let last: { reading: HostReading; at: number } | null = null;
  let problem: Error | null = null;
  let underWay = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

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
    underWay = sample();
    await underWay;
    if (!closed) timer = setTimeout(() => void run(), intervalMs).unref();
  }
  void run();

  return {
    async latest() {
      if (!last) await withTimeout(FIRST_SAMPLE_TIMEOUT_MS, 'the first sample', underWay).catch(() => {});
      if (last && performance.now() - last.at <= STALE_AFTER_MS) return last.reading;
      throw new Failure('unavailable', 'The host could not be sampled. Try again later.', {
        cause: problem ?? undefined,
        retryAfter: 5,
      });
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
