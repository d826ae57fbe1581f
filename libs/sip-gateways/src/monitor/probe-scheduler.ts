import type { FoundGateway } from '../gateways/gateway.ts';
import { firstProbeDelay } from './first-probe-delay.ts';
import { createSchedule } from './schedule.ts';

/** A gateway with a changed address is probed within this time. */
const MAX_ADDRESS_CHANGE_DELAY_MS = 1_000;

export interface DueGateway {
  gateway: FoundGateway;
  /** Milliseconds since it was due. */
  lateMs: number;
}

export interface ProbeScheduler {
  has(key: string): boolean;
  /** Adds a gateway that any monitor probed `probedAgoMs` ago; undefined: never. */
  add(gateway: FoundGateway, probedAgoMs: number | undefined): void;
  /** Replaces a known gateway. Its due time changes only with its interval or its address. */
  update(gateway: FoundGateway): void;
  /** Removes all gateways but those with these keys. */
  keepOnly(keys: Set<string>): void;
  /** Returns the due gateways and schedules each one again after its interval. */
  takeDue(): DueGateway[];
  size: () => number;
}

export interface ProbeSchedulerOptions {
  /** Milliseconds of a monotonic clock. */
  now?: () => number;
  random?: () => number;
}

/** Schedules the gateways of one monitor, each at its own interval. */
export function createProbeScheduler({
  now = () => performance.now(),
  random = Math.random,
}: ProbeSchedulerOptions = {}): ProbeScheduler {
  const gateways = new Map<string, FoundGateway>();
  const schedule = createSchedule(now());

  return {
    has: (key) => gateways.has(key),
    add(gateway, probedAgoMs) {
      gateways.set(gateway.key, gateway);
      schedule.set(gateway.key, now() + firstProbeDelay(gateway, probedAgoMs, random()));
    },
    update(gateway) {
      const { key } = gateway;
      const before = gateways.get(key)!;
      gateways.set(key, gateway);
      const dueAt = schedule.dueAt(key)! + (gateway.intervalSeconds - before.intervalSeconds) * 1_000;
      const isMoved = addressOf(gateway) !== addressOf(before);
      schedule.set(key, isMoved ? Math.min(dueAt, now() + random() * MAX_ADDRESS_CHANGE_DELAY_MS) : dueAt);
    },
    keepOnly(keys) {
      for (const key of gateways.keys()) {
        if (keys.has(key)) continue;
        gateways.delete(key);
        schedule.delete(key);
      }
    },
    takeDue() {
      const takenAt = now();
      return schedule.takeDue(takenAt).map(({ key, dueAt }) => {
        const gateway = gateways.get(key)!;
        schedule.set(key, takenAt + gateway.intervalSeconds * 1_000);
        return { gateway, lateMs: takenAt - dueAt };
      });
    },
    size: () => gateways.size,
  };
}

const addressOf = ({ host, port, transport }: FoundGateway): string => `${transport} ${host} ${port}`;
