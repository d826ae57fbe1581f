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
  /** Hands a result to the road of all writes. */
  record: (gateway: FoundGateway, result: ProbeResult) => Promise<unknown>;
  /** A probe is sent, `late` milliseconds after it was due. */
  onProbe: (late: number) => void;
  onError: (error: unknown) => void;
}

export interface Monitor {
  /** Resolves when it knows its share, or could not learn it at the first try. */
  ready: Promise<void>;
  /** How many gateways this process probes. */
  size: () => number;
  /** Whether it holds its share: the database says so every few seconds. */
  isLeaseValid: () => boolean;
  /** Hands its gateways over to the other monitors and waits a while for the answers to what is sent. */
  stop: () => Promise<void>;
}

/** Milliseconds. */
const STOP_TIMEOUT_MS = 2_000;

/** Probes its share of all enabled gateways, each at its own interval; several of these share the gateways out among them. */
export function startMonitor(db: Database, options: MonitorOptions): Monitor {
  const { id, prober, allowPrivate, record, onProbe, onError } = options;
  const rounds = createProbeScheduler();
  const marks = createProbeMarks(db, onError);
  const follower = createGatewayCache(db);
  const underWay = new Map<string, Promise<unknown>>();

  async function begin(gateways: FoundGateway[]): Promise<void> {
    const agoes = await gatewayProbes(db).findAges(gateways.map(({ key }) => key));
    for (const gateway of gateways) rounds.add(gateway, agoes.get(gateway.key));
  }

  /** Called every few seconds: takes up what has changed of the shards held, and of their gateways. */
  async function onHeld(held: number[]): Promise<void> {
    const isHeld = new Set(held);
    const { changed } = held.length ? await follower.refresh() : { changed: [] };
    const ours = [...follower.all().values()].filter(
      ({ key, enabled }) => enabled && isHeld.has(shardOf(key)),
    );
    rounds.keepOnly(new Set(ours.map(({ key }) => key)));
    // Before the shards that are let go of are another's: it goes on from there.
    await marks.flush();
    for (const gateway of changed) if (rounds.has(gateway.key)) rounds.update(gateway);
    const unknown = ours.filter(({ key }) => !rounds.has(key));
    if (unknown.length) await begin(unknown);
  }
  const holding = startShardLeasing(db, { id, onRenewed: onHeld, onError });
  gatewayProbes(db).pruneOld().catch(onError);

  async function probe(gateway: FoundGateway): Promise<void> {
    const { key, host, port, transport, timeoutMs, okCodes } = gateway;
    marks.add(key);
    await record(gateway, await prober.probe({ host, port, transport, timeoutMs, okCodes, allowPrivate }));
  }

  function tick(): void {
    if (!holding.isLeaseValid()) return;
    for (const { gateway, lateMs } of rounds.takeDue()) {
      const { key } = gateway;
      // The one before is not over yet, or its result not taken.
      if (underWay.has(key)) continue;
      onProbe(lateMs);
      const probing = probe(gateway)
        .catch(onError)
        .finally(() => underWay.delete(key));
      underWay.set(key, probing);
    }
  }
  const ticking = setInterval(tick, SLOT_MS);

  return {
    ready: holding.ready,
    size: rounds.size,
    isLeaseValid: holding.isLeaseValid,
    async stop() {
      clearInterval(ticking);
      await holding.stop();
      await Promise.race([Promise.all(underWay.values()), sleep(STOP_TIMEOUT_MS)]);
    },
  };
}
