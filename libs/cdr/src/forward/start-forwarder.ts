import { claimBatches } from './claim-batches.ts';
import { createWakeableSleep } from './create-wakeable-sleep.ts';
import { sendBatch, type InFlightBatch, type SendingOptions, type SendResult } from './send-batch.ts';

export interface ForwarderOptions extends SendingOptions {
  /** Requests in flight at once. */
  concurrency: number;
  /** Polling interval without `wake`. @default 1000 */
  intervalMs?: number;
  onSent: (result: SendResult, batch: InFlightBatch) => void;
  /** Mostly an unreachable database: batches in flight are sent again after their lease. */
  onError: (error: unknown) => void;
}

export interface Forwarder {
  /** Call when there is something to send. */
  wake: () => void;
  /** Aborts the requests in flight and puts their batches back. */
  stop: () => Promise<void>;
}

/** Sends the batches of the outbox until it is stopped, `concurrency` at once, the longest due first. */
export function startForwarder(options: ForwarderOptions): Forwarder {
  const { db, schedule, concurrency, intervalMs = 1_000, onSent, onError } = options;
  const send = sendBatch(options);
  const stopping = new AbortController();
  const { sleep, wake } = createWakeableSleep(intervalMs);
  const inFlight = new Set<Promise<void>>();

  function startSending(batch: InFlightBatch): void {
    const sending = send(batch, stopping.signal)
      .then((result) => onSent(result, batch), onError)
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  }

  async function fill(): Promise<number> {
    const claimed = await claimBatches(db, concurrency - inFlight.size, schedule.leaseSeconds);
    claimed.forEach(startSending);
    return claimed.length;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const claimed = await fill().catch((error: unknown) => onError(error));
      if (!claimed) await sleep();
      if (inFlight.size >= concurrency) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
  }

  const running = run();
  return {
    wake,
    async stop() {
      stopping.abort();
      wake();
      await running;
    },
  };
}
