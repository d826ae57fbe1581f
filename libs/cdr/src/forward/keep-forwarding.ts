import { claimBatches } from './claim-batches.ts';
import { openNap } from './open-nap.ts';
import { sendBatch, type BatchInHand, type SendingOptions, type Sent } from './send-batch.ts';

export interface ForwardingOptions extends SendingOptions {
  /** Requests at once. */
  concurrency: number;
  /** Milliseconds between two looks when nobody nudges; 1,000 where it is absent. */
  interval?: number;
  onSent: (sent: Sent, batch: BatchInHand) => void;
  /** The database is away, mostly: what was in hand is tried again after its lease. */
  onError: (error: unknown) => void;
}

export interface Forwarding {
  /** There is something to send now. */
  nudge: () => void;
  /** Breaks off what is under way and puts it back. */
  stop: () => Promise<void>;
}

/** Sends what is in the outbox until it is stopped, a few at once, those longest due first. */
export const keepForwarding = (options: ForwardingOptions): Forwarding => {
  const { db, schedule, concurrency, interval = 1_000, onSent, onError } = options;
  const send = sendBatch(options);
  const stopping = new AbortController();
  const nap = openNap(interval);
  const inHand = new Set<Promise<void>>();

  const take = (batch: BatchInHand): void => {
    const sending = send(batch, stopping.signal)
      .then((sent) => onSent(sent, batch), onError)
      .finally(() => inHand.delete(sending));
    inHand.add(sending);
  };

  const look = async (): Promise<number> => {
    const claimed = await claimBatches(db, concurrency - inHand.size, schedule.lease);
    claimed.forEach(take);
    return claimed.length;
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const found = await look().catch((error: unknown) => onError(error));
      if (!found) await nap.sleep();
      if (inHand.size >= concurrency) await Promise.race(inHand);
    }
    await Promise.all(inHand);
  };

  const running = run();
  return {
    nudge: nap.wake,
    stop: async () => {
      stopping.abort();
      nap.wake();
      await running;
    },
  };
};
