import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@oriontel/database';
import { shards } from './shard.repository.ts';

export interface ShardLeasePace {
  /** How long a shard stays with a monitor that stops renewing. */
  leaseSeconds: number;
  /** From one renewal to the next. */
  renewalSeconds: number;
}

const PACE: ShardLeasePace = { leaseSeconds: 8, renewalSeconds: 2 };

/**
 * A lease counts as expired a little early: packets sent in its last moments would overlap with a takeover.
 */
const TRUSTED_LEASE_SHARE = 0.9;

export interface ShardLeasing {
  /** Resolves after the first attempt to lease shards, successful or not. */
  ready: Promise<void>;
  /** Whether the shards of the last renewal are still leased: check before each probe. */
  isLeaseValid: () => boolean;
  /** Waits for a running renewal, then releases all shards. */
  stop: () => Promise<void>;
}

export interface ShardLeasingOptions {
  /** UUID of this monitor. */
  id: string;
  /** Called after each renewal with all leased shards; once it resolves, no others may be probed. */
  onRenewed: (held: number[]) => Promise<void>;
  onError: (error: unknown) => void;
  pace?: ShardLeasePace;
}

/**
 * Leases a fair share of all shards and renews it. The shards of a dead monitor are taken over after at most
 * one lease and one renewal.
 */
export function startShardLeasing(db: Database, options: ShardLeasingOptions): ShardLeasing {
  const { id, onRenewed, onError, pace = PACE } = options;
  const stopping = new AbortController();
  let validUntil = 0;

  async function renew(): Promise<void> {
    const startedAt = performance.now();
    const { held, surplus } = await shards(db).renew(id, pace.leaseSeconds);
    validUntil = startedAt + pace.leaseSeconds * 1_000 * TRUSTED_LEASE_SHARE;
    await onRenewed(held);
    if (surplus.length) await shards(db).release(id, surplus);
  }

  const firstRenewal = renew().catch(onError);
  async function run(): Promise<void> {
    await firstRenewal;
    const { signal } = stopping;
    while (!signal.aborted) {
      await sleep(pace.renewalSeconds * 1_000, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await renew().catch(onError);
    }
  }
  const running = run();

  return {
    ready: firstRenewal,
    isLeaseValid: () => performance.now() < validUntil,
    async stop() {
      stopping.abort();
      await running;
      validUntil = 0;
      await onRenewed([]);
      await shards(db).leave(id);
    },
  };
}
