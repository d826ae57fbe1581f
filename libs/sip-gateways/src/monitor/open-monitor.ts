import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@oriontel/database';
import { followGateways } from '../gateways/follow-gateways.ts';
import type { FoundGateway } from '../gateways/gateway.ts';
import type { ProbeResult, Prober } from '../sip/prober.ts';
import { gatewayProbes } from './gateway-probe.repository.ts';
import { holdShards } from './hold-shards.ts';
import { openProbeMarks } from './probe-marks.ts';
import { openRounds } from './rounds.ts';
import { SLOT } from './schedule.ts';
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
  begun: Promise<void>;
  /** How many gateways this process probes. */
  size: () => number;
  /** Whether it holds its share: the database says so every few seconds. */
  isHolding: () => boolean;
  /** Hands its gateways over to the other monitors and waits a while for the answers to what is sent. */
  stop: () => Promise<void>;
}

/** Milliseconds. */
const LAST_ANSWERS = 2_000;

/** Probes its share of all enabled gateways, each at its own interval; several of these share the gateways out among them. */
export const openMonitor = (db: Database, options: MonitorOptions): Monitor => {
  const { id, prober, allowPrivate, record, onProbe, onError } = options;
  const rounds = openRounds();
  const marks = openProbeMarks(db, onError);
  const follower = followGateways(db);
  const underWay = new Map<string, Promise<unknown>>();

  const begin = async (gateways: FoundGateway[]): Promise<void> => {
    const agoes = await gatewayProbes(db).ago(gateways.map(({ key }) => key));
    for (const gateway of gateways) rounds.add(gateway, agoes.get(gateway.key));
  };

  /** Called every few seconds: takes up what has changed of the shards held, and of their gateways. */
  const onHeld = async (held: number[]): Promise<void> => {
    const isHeld = new Set(held);
    const { changed } = held.length ? await follower.refresh() : { changed: [] };
    const ours = [...follower.all().values()].filter(
      ({ key, enabled }) => enabled && isHeld.has(shardOf(key)),
    );
    rounds.keepOnly(new Set(ours.map(({ key }) => key)));
    // Before the shards that are let go of are another's: it goes on from there.
    await marks.flush();
    for (const gateway of changed) if (rounds.has(gateway.key)) rounds.change(gateway);
    const unknown = ours.filter(({ key }) => !rounds.has(key));
    if (unknown.length) await begin(unknown);
  };
  const holding = holdShards(db, { id, onHeld, onError });
  gatewayProbes(db).forgetOld().catch(onError);

  const probe = async (gateway: FoundGateway): Promise<void> => {
    const { key, host, port, transport, timeoutMs, okCodes } = gateway;
    marks.add(key);
    await record(gateway, await prober.probe({ host, port, transport, timeoutMs, okCodes, allowPrivate }));
  };

  const tick = (): void => {
    if (!holding.isSure()) return;
    for (const { gateway, late } of rounds.take()) {
      const { key } = gateway;
      // The one before is not over yet, or its result not taken.
      if (underWay.has(key)) continue;
      onProbe(late);
      const probing = probe(gateway)
        .catch(onError)
        .finally(() => underWay.delete(key));
      underWay.set(key, probing);
    }
  };
  const ticking = setInterval(tick, SLOT);

  return {
    begun: holding.begun,
    size: rounds.size,
    isHolding: holding.isSure,
    stop: async () => {
      clearInterval(ticking);
      await holding.stop();
      await Promise.race([Promise.all(underWay.values()), sleep(LAST_ANSWERS)]);
    },
  };
};
