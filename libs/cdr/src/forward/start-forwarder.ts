import { claimBatches } from './claim-batches.ts';
import { createWakeableSleep } from './create-wakeable-sleep.ts';
import { sendBatch, type InFlightBatch, type SendingOptions, type SendResult } from './send-batch.ts';

export interface ForwarderOptions extends SendingOptions {
  /** Requests at once. */
  concurrency: number;
  /** Milliseconds between two looks when nobody nudges; 1,000 where it is absent. */
  intervalMs?: number;
  onSent: (sent: SendResult, batch: InFlightBatch) => void;
  /** The database is away, mostly: what was in hand is tried again after its lease. */
  onError: (error: unknown) => void;
}

export interface Forwarder {
  /** There is something to send now. */
  wake: () => void;
  /** Breaks off what is under way and puts it back. */
  stop: () => Promise<void>;
}

/** Sends what is in the outbox until it is stopped, a few at once, those longest due first. */
export function startForwarder(options: ForwarderOptions): Forwarder {
  const { db, schedule, concurrency, intervalMs = 1_000, onSent, onError } = options;
  const send = sendBatch(options);
  const stopping = new AbortController();
  const nap = createWakeableSleep(intervalMs);
  const inHand = new Set<Promise<void>>();

  function take(batch: InFlightBatch): void {
    const sending = send(batch, stopping.signal)
      .then((sent) => onSent(sent, batch), onError)
      .finally(() => inHand.delete(sending));
    inHand.add(sending);
  }

  async function look(): Promise<number> {
    const claimed = await claimBatches(db, concurrency - inHand.size, schedule.leaseSeconds);
    claimed.forEach(take);
    return claimed.length;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const found = await look().catch((error: unknown) => onError(error));
      if (!found) await nap.sleep();
      if (inHand.size >= concurrency) await Promise.race(inHand);
    }
    await Promise.all(inHand);
  }

  const running = run();
  return {
    wake: nap.wake,
    async stop() {
      stopping.abort();
      nap.wake();
      await running;
    },
  };
}
