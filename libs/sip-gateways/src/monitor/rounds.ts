import type { FoundGateway } from '../gateways/gateway.ts';
import { firstDue } from './first-due.ts';
import { openSchedule } from './schedule.ts';

/** Milliseconds within which a gateway whose address changed is probed at the new one. */
const SOON = 1_000;

export interface Due {
  gateway: FoundGateway;
  /** Milliseconds since it was due. */
  late: number;
}

export interface Rounds {
  has(key: string): boolean;
  /** Begins with a gateway, `probedAgo` milliseconds after it was last probed by whomever, if ever. */
  add(gateway: FoundGateway, probedAgo: number | undefined): void;
  /** It keeps its place, unless what changed calls for another. */
  change(gateway: FoundGateway): void;
  /** Ends with all but these keys. */
  keepOnly(keys: Set<string>): void;
  /** What is due; each comes again after its interval. */
  take(): Due[];
  size: () => number;
}

export interface RoundsOptions {
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
  random?: () => number;
}

/** The gateways of one monitor, each in its own round. */
export const openRounds = ({
  now = () => performance.now(),
  random = Math.random,
}: RoundsOptions = {}): Rounds => {
  const gateways = new Map<string, FoundGateway>();
  const schedule = openSchedule(now());

  return {
    has: (key) => gateways.has(key),
    add: (gateway, probedAgo) => {
      gateways.set(gateway.key, gateway);
      schedule.set(gateway.key, now() + firstDue(gateway, probedAgo, random()));
    },
    change: (gateway) => {
      const { key } = gateway;
      const before = gateways.get(key)!;
      gateways.set(key, gateway);
      const due = schedule.dueAt(key)! + (gateway.intervalSeconds - before.intervalSeconds) * 1_000;
      const moved = addressOf(gateway) !== addressOf(before);
      schedule.set(key, moved ? Math.min(due, now() + random() * SOON) : due);
    },
    keepOnly: (keys) => {
      for (const key of gateways.keys()) {
        if (keys.has(key)) continue;
        gateways.delete(key);
        schedule.delete(key);
      }
    },
    take: () => {
      const at = now();
      return schedule.take(at).map(({ key, dueAt }) => {
        const gateway = gateways.get(key)!;
        schedule.set(key, at + gateway.intervalSeconds * 1_000);
        return { gateway, late: at - dueAt };
      });
    },
    size: () => gateways.size,
  };
};

const addressOf = ({ host, port, transport }: FoundGateway): string => `${transport} ${host} ${port}`;
