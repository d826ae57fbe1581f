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

/** A scheduler on a manual clock; `advance` returns what came due, with the second at which it did. */
function createTestScheduler() {
  let now = 0;
  const scheduler = createProbeScheduler({ now: () => now, random: () => 0.5 });
  function advance(seconds: number): string[] {
    const taken: string[] = [];
    for (const end = now + seconds * 1_000; now < end; now += 100)
      for (const due of scheduler.takeDue()) taken.push(`${due.gateway.key} at ${Math.floor(now / 1_000)}`);
    return taken;
  }
  return { scheduler, advance };
}

test('takeDue returns each gateway after its own interval', () => {
  const { scheduler, advance } = createTestScheduler();
  scheduler.add(gateway('a', { intervalSeconds: 10 }), undefined);
  scheduler.add(gateway('b'), 58_000);
  expect(scheduler.size()).toBe(2);
  expect(advance(30)).toEqual(['b at 2', 'a at 5', 'a at 15', 'a at 25']);
});

test('update keeps the due time if neither interval nor address changed', () => {
  const { scheduler, advance } = createTestScheduler();
  scheduler.add(gateway('a'), 30_000);
  expect(advance(20)).toEqual([]);
  scheduler.update(gateway('a', { name: 'Renamed', timeoutMs: 1_000 }));
  expect(advance(20)).toEqual(['a at 30']);
});

test('keepOnly removes all other gateways', () => {
  const { scheduler, advance } = createTestScheduler();
  scheduler.add(gateway('a'), 55_000);
  scheduler.add(gateway('b'), 56_000);
  scheduler.keepOnly(new Set(['b']));
  expect([scheduler.has('a'), scheduler.has('b'), scheduler.size()]).toEqual([false, true, 1]);
  expect(advance(70)).toEqual(['b at 4', 'b at 64']);
});

test('update counts a new interval from the last probe and probes a new address soon', () => {
  const { scheduler, advance } = createTestScheduler();
  scheduler.add(gateway('shorter'), 10_000);
  scheduler.add(gateway('moved'), 5_000);
  expect(advance(5)).toEqual([]);
  scheduler.update(gateway('shorter', { intervalSeconds: 20 }));
  scheduler.update(gateway('moved', { host: '192.0.2.1' }));
  expect(advance(10)).toEqual(['moved at 5', 'shorter at 10']);
});

test('takeDue returns an overdue gateway once, however many intervals were missed', () => {
  let now = 0;
  const scheduler = createProbeScheduler({ now: () => now });
  scheduler.add(gateway('a', { intervalSeconds: 10 }), 10_000);
  now = 100_000;
  expect(scheduler.takeDue()).toHaveLength(1);
  now += 9_980;
  expect(scheduler.takeDue()).toEqual([]);
  now += 30;
  expect(scheduler.takeDue()).toHaveLength(1);
});
