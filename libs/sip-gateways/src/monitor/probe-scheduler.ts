import type { FoundGateway } from '../gateways/gateway.ts';
import { firstProbeDelay } from './first-probe-delay.ts';
import { createSchedule } from './schedule.ts';

/** Milliseconds within which a gateway whose address changed is probed at the new one. */
const MAX_ADDRESS_CHANGE_DELAY_MS = 1_000;

export interface DueGateway {
  gateway: FoundGateway;
  /** Milliseconds since it was due. */
  lateMs: number;
}

export interface ProbeScheduler {
  has(key: string): boolean;
  /** Begins with a gateway, `probedAgo` milliseconds after it was last probed by whomever, if ever. */
  add(gateway: FoundGateway, probedAgo: number | undefined): void;
  /** It keeps its place, unless what changed calls for another. */
  update(gateway: FoundGateway): void;
  /** Ends with all but these keys. */
  keepOnly(keys: Set<string>): void;
  /** What is due; each comes again after its interval. */
  takeDue(): DueGateway[];
  size: () => number;
}

export interface ProbeSchedulerOptions {
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
  random?: () => number;
}

/** The gateways of one monitor, each in its own round. */
export function createProbeScheduler({
  now = () => performance.now(),
  random = Math.random,
}: ProbeSchedulerOptions = {}): ProbeScheduler {
  const gateways = new Map<string, FoundGateway>();
  const schedule = createSchedule(now());

  return {
    has: (key) => gateways.has(key),
    add(gateway, probedAgo) {
      gateways.set(gateway.key, gateway);
      schedule.set(gateway.key, now() + firstProbeDelay(gateway, probedAgo, random()));
    },
    update(gateway) {
      const { key } = gateway;
      const before = gateways.get(key)!;
      gateways.set(key, gateway);
      const due = schedule.dueAt(key)! + (gateway.intervalSeconds - before.intervalSeconds) * 1_000;
      const moved = addressOf(gateway) !== addressOf(before);
      schedule.set(key, moved ? Math.min(due, now() + random() * MAX_ADDRESS_CHANGE_DELAY_MS) : due);
    },
    keepOnly(keys) {
      for (const key of gateways.keys()) {
        if (keys.has(key)) continue;
        gateways.delete(key);
        schedule.delete(key);
      }
    },
    takeDue() {
      const at = now();
      return schedule.takeDue(at).map(({ key, dueAt }) => {
        const gateway = gateways.get(key)!;
        schedule.set(key, at + gateway.intervalSeconds * 1_000);
        return { gateway, lateMs: at - dueAt };
      });
    },
    size: () => gateways.size,
  };
}

const addressOf = ({ host, port, transport }: FoundGateway): string => `${transport} ${host} ${port}`;
