import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@oriontel/database';
import { createGatewayCache } from '../gateways/create-gateway-cache.ts';
import type { FoundGateway } from '../gateways/gateway.ts';
import type { ProbeResult, Prober } from '../sip/prober.ts';
import { gatewayProbes } from './gateway-probe.repository.ts';
import { startShardLeasing } from './start-shard-leasing.ts';
import { createProbeMarks } from './probe-marks.ts';
import { createProbeScheduler } from './probe-scheduler.ts';
import { SLOT_MS } from './schedule.ts';
import { shardOf } from './shard.ts';

export interface MonitorOptions {
  /** UUID of this process. */
  id: string;
  prober: Pick<Prober, 'probe'>;
  /** Whether gateways at private and loopback addresses may be probed. */
  allowPrivate: boolean;
  /** Commits a result to the intake. */
  record: (gateway: FoundGateway, result: ProbeResult) => Promise<unknown>;
  /** Called when a probe starts, `lateMs` after it was due. */
  onProbe: (lateMs: number) => void;
  onError: (error: unknown) => void;
}

export interface Monitor {
  /** Resolves after the first attempt to lease shards, successful or not. */
  ready: Promise<void>;
  /** The number of gateways that this process probes. */
  size: () => number;
  /** Whether the lease of its shards is valid; without it nothing is probed. */
  isLeaseValid: () => boolean;
  /** Releases the shards, then waits up to two seconds for running probes. */
  stop: () => Promise<void>;
}

const STOP_TIMEOUT_MS = 2_000;

/** Probes a share of all enabled gateways, each at its own interval; several monitors divide the gateways. */
export function startMonitor(db: Database, options: MonitorOptions): Monitor {
  const { id, prober, allowPrivate, record, onProbe, onError } = options;
  const scheduler = createProbeScheduler();
  const marks = createProbeMarks(db, onError);
  const cache = createGatewayCache(db);
  const running = new Map<string, Promise<unknown>>();

  async function addGateways(gateways: FoundGateway[]): Promise<void> {
    const ages = await gatewayProbes(db).findAges(gateways.map(({ key }) => key));
    for (const gateway of gateways) scheduler.add(gateway, ages.get(gateway.key));
  }

  /** Applies the changes of the leased shards and of their gateways; called every few seconds. */
  async function applyChanges(held: number[]): Promise<void> {
    const heldShards = new Set(held);
    const { changed } = held.length ? await cache.refresh() : { changed: [] };
    const ours = [...cache.all().values()].filter(
      ({ key, enabled }) => enabled && heldShards.has(shardOf(key)),
    );
    scheduler.keepOnly(new Set(ours.map(({ key }) => key)));
    // The next monitor of a released shard reads these marks: write them before the release.
    await marks.flush();
    for (const gateway of changed) if (scheduler.has(gateway.key)) scheduler.update(gateway);
    const added = ours.filter(({ key }) => !scheduler.has(key));
    if (added.length) await addGateways(added);
  }
  const leasing = startShardLeasing(db, { id, onRenewed: applyChanges, onError });
  gatewayProbes(db).pruneOld().catch(onError);

  async function probe(gateway: FoundGateway): Promise<void> {
    const { key, host, port, transport, timeoutMs, okCodes } = gateway;
    marks.add(key);
    await record(gateway, await prober.probe({ host, port, transport, timeoutMs, okCodes, allowPrivate }));
  }

  function startDueProbes(): void {
    if (!leasing.isLeaseValid()) return;
    for (const { gateway, lateMs } of scheduler.takeDue()) {
      const { key } = gateway;
      // The previous probe is still running, or its result is not recorded yet.
      if (running.has(key)) continue;
      onProbe(lateMs);
      const done = probe(gateway)
        .catch(onError)
        .finally(() => running.delete(key));
      running.set(key, done);
    }
  }
  const timer = setInterval(startDueProbes, SLOT_MS);

  return {
    ready: leasing.ready,
    size: scheduler.size,
    isLeaseValid: leasing.isLeaseValid,
    async stop() {
      clearInterval(timer);
      await leasing.stop();
      await Promise.race([Promise.all(running.values()), sleep(STOP_TIMEOUT_MS)]);
    },
  };
}
