import { expect, test } from 'vitest';
import type { FoundGateway } from '../gateways/gateway.ts';
import { createProbeScheduler } from './probe-scheduler.ts';

function gateway(key: string, more: Partial<FoundGateway> = {}): FoundGateway {
  return {
    orgId: 1,
    id: key,
    key,
    name: key,
    host: 'sip.example.com',
    port: 5060,
    transport: 'udp',
    intervalSeconds: 60,
    timeoutMs: 5_000,
    okCodes: [],
    failuresToDown: 3,
    successesToUp: 2,
    enabled: true,
    createdAt: new Date(0),
    updatedAt: new Date(0),
    ...more,
  };
}

/** A clock that a test turns, and what came up meanwhile, with the second at which it did. */
function openTime() {
  let now = 0;
  const rounds = createProbeScheduler({ now: () => now, random: () => 0.5 });
  function passed(seconds: number): string[] {
    const seen: string[] = [];
    for (const end = now + seconds * 1_000; now < end; now += 100)
      for (const due of rounds.takeDue()) seen.push(`${due.gateway.key} at ${Math.floor(now / 1_000)}`);
    return seen;
  }
  return { rounds, passed };
}

test('each comes again after its own interval', () => {
  const { rounds, passed } = openTime();
  rounds.add(gateway('a', { intervalSeconds: 10 }), undefined);
  rounds.add(gateway('b'), 58_000);
  expect(rounds.size()).toBe(2);
  expect(passed(30)).toEqual(['b at 2', 'a at 5', 'a at 15', 'a at 25']);
});

test('a change that does not concern its round leaves it where it is', () => {
  const { rounds, passed } = openTime();
  rounds.add(gateway('a'), 30_000);
  expect(passed(20)).toEqual([]);
  rounds.update(gateway('a', { name: 'Renamed', timeoutMs: 1_000 }));
  expect(passed(20)).toEqual(['a at 30']);
});

test('one that is not kept is probed no longer', () => {
  const { rounds, passed } = openTime();
  rounds.add(gateway('a'), 55_000);
  rounds.add(gateway('b'), 56_000);
  rounds.keepOnly(new Set(['b']));
  expect([rounds.has('a'), rounds.has('b'), rounds.size()]).toEqual([false, true, 1]);
  expect(passed(70)).toEqual(['b at 4', 'b at 64']);
});

test('a changed interval counts from the last probe, a changed address is tried soon', () => {
  const { rounds, passed } = openTime();
  rounds.add(gateway('shorter'), 10_000);
  rounds.add(gateway('moved'), 5_000);
  expect(passed(5)).toEqual([]);
  rounds.update(gateway('shorter', { intervalSeconds: 20 }));
  rounds.update(gateway('moved', { host: '192.0.2.1' }));
  expect(passed(10)).toEqual(['moved at 5', 'shorter at 10']);
});

test('what was held up comes once, not as often as it was missed', () => {
  let now = 0;
  const rounds = createProbeScheduler({ now: () => now });
  rounds.add(gateway('a', { intervalSeconds: 10 }), 10_000);
  now = 100_000;
  expect(rounds.takeDue()).toHaveLength(1);
  now += 9_980;
  expect(rounds.takeDue()).toEqual([]);
  now += 30;
  expect(rounds.takeDue()).toHaveLength(1);
});
