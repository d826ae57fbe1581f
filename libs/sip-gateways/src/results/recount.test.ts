import { expect, test } from 'vitest';
import { resultStatuses, type ResultStatus } from './gateway-result.ts';
import { nextState, unknownState, type GatewayState } from './next-state.ts';
import { recount, RECOUNT_LIMIT, type StoredResult } from './recount.ts';

/** Deterministic pseudo-random numbers in [0, 1) (Mulberry32). */
function createRandom(seed: number) {
  return function random() {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const START = Date.parse('2024-01-15T10:00:00Z');

/**
 * Results in order of acceptance, of which some were measured long before. `calm`: probability that the
 * status stays.
 */
function buildResults(count: number, random: () => number, calm = 0.5): StoredResult[] {
  let status: ResultStatus = 'up';
  return Array.from({ length: count }, (_, index) => {
    if (random() > calm) status = resultStatuses[Math.floor(random() * 3)]!;
    const late = random() < 0.1 ? Math.floor(random() * 20) : 0;
    return {
      id: `id-${String(index).padStart(6, '0')}`,
      at: new Date(START + (index - late) * 60_000).toISOString(),
      status,
      latencyMs: status === 'down' ? null : Math.floor(random() * 50),
      lossPercent: null,
      jitterMs: null,
      sipCode: null,
      error: null,
      source: null,
    };
  });
}

const thresholds = { failuresToDown: 3, successesToUp: 2 };
function stateInOrder(results: StoredResult[]): GatewayState {
  return results.reduce<GatewayState>((state, result) => nextState(state, result, thresholds), unknownState);
}
function newestOf(results: StoredResult[]) {
  return results
    .toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? 1 : -1))
    .slice(0, RECOUNT_LIMIT);
}

/** Counts beyond RECOUNT_LIMIT may differ a little: returns those that are close enough. */
function closeCounts(expected: object, counted: object) {
  return Object.fromEntries(
    Object.entries(expected).flatMap(([name, value]) => {
      const other = (counted as Record<string, unknown>)[name];
      const isNear =
        typeof value === 'number' && value > RECOUNT_LIMIT / 2 && Math.abs(value - Number(other)) <= 3;
      return isNear ? [[name, other]] : [];
    }),
  );
}

test('recount of few results equals the state after storing them in order', () => {
  for (let seed = 0; seed < 500; seed += 1) {
    const random = createRandom(seed);
    const results = buildResults(1 + Math.floor(random() * 60), random);
    const missed = Math.floor(random() * results.length);
    const before = stateInOrder(results.filter((_, index) => index !== missed));
    expect(recount(before, newestOf(results), new Set([results[missed]!.id]), thresholds)).toEqual(
      stateInOrder(results),
    );
  }
});

test('recount of many results needs the newest only, if the missed one is among them', () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const random = createRandom(seed);
    // Includes runs of one status longer than RECOUNT_LIMIT.
    const results = buildResults(RECOUNT_LIMIT + 20 + Math.floor(random() * 400), random, 1 - random() ** 4);
    const missed = results.length - 1 - Math.floor(random() * 50);
    const before = stateInOrder(results.filter((_, index) => index !== missed));
    const { jitterMs, ...counted } = recount(
      before,
      newestOf(results),
      new Set([results[missed]!.id]),
      thresholds,
    );
    const { jitterMs: expected, ...rest } = stateInOrder(results);
    expect({ seed, ...counted }).toEqual({ seed, ...rest, ...closeCounts(rest, counted) });
    expect(Math.abs(jitterMs! - expected!)).toBeLessThan(5);
  }
});
