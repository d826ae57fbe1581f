import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@oriontel/database';
import { shards } from './shard.repository.ts';

/** `lease`: seconds a shard stays with a monitor that says nothing; `renewal`: seconds from one renewal to the next. */
const PACE_SECONDS = { lease: 8, renewal: 2 };

export interface ShardLeasing {
  /** Resolves when it was tried for the first time to hold some. */
  ready: Promise<void>;
  /** Whether what was held at the last renewal is held still: ask before each probe. */
  isLeaseValid: () => boolean;
  /** Lets go of all at once, after the renewal under way. */
  stop: () => Promise<void>;
}

export interface ShardLeasingOptions {
  /** UUID of this monitor. */
  id: string;
  /** What is held now: what is not in it must no longer be probed when the promise resolves. */
  onRenewed: (held: number[]) => Promise<void>;
  onError: (error: unknown) => void;
  pace?: typeof PACE_SECONDS;
}

/** Holds a fair share of all shards, and takes over what a dead monitor held: after a lease and a renewal at most. */
export function startShardLeasing(db: Database, options: ShardLeasingOptions): ShardLeasing {
  const { id, onRenewed, onError, pace = PACE_SECONDS } = options;
  const ended = new AbortController();
  let sureUntil = 0;

  async function renew(): Promise<void> {
    const asked = performance.now();
    const { held, surplus } = await shards(db).renew(id, pace.lease);
    // Not to its very end: what is sent then is on its way while another takes over.
    sureUntil = asked + pace.lease * 900;
    await onRenewed(held);
    if (surplus.length) await shards(db).release(id, surplus);
  }

  const begun = renew().catch(onError);
  async function run(): Promise<void> {
    await begun;
    while (!ended.signal.aborted) {
      await sleep(pace.renewal * 1_000, undefined, { signal: ended.signal }).catch(() => undefined);
      if (!ended.signal.aborted) await renew().catch(onError);
    }
  }
  const running = run();

  return {
    ready: begun,
    isLeaseValid: () => performance.now() < sureUntil,
    async stop() {
      ended.abort();
      await running;
      sureUntil = 0;
      await onRenewed([]);
      await shards(db).leave(id);
    },
  };
}
