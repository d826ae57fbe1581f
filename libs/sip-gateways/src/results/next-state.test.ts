import { describe, expect, test } from 'vitest';
import { resultStatuses, type ResultStatus } from './gateway-result.ts';
import { shouldNotify, nextState, unknownState, type GatewayState, type Thresholds } from './next-state.ts';

const START = Date.parse('2024-01-15T10:00:00Z');
const time = (minute: number) => new Date(START + minute * 60_000);
function result(status: ResultStatus, minute: number, more: object = {}) {
  return {
    at: time(minute).toISOString(),
    status,
    latencyMs: status === 'down' ? null : 20,
    lossPercent: null,
    jitterMs: null,
    sipCode: null,
    error: null,
    ...more,
  };
}

/** Every state on the way. */
function walk(statuses: ResultStatus[], thresholds: Thresholds): GatewayState[] {
  let state = unknownState;
  return statuses.map((status, minute) => (state = nextState(state, result(status, minute), thresholds)));
}

function sequences(length: number): ResultStatus[][] {
  return length === 0
    ? [[]]
    : sequences(length - 1).flatMap((rest) => resultStatuses.map((status) => [...rest, status]));
}

/** How many of the last results are such. */
function run(statuses: ResultStatus[], isSuch: (status: ResultStatus) => boolean): number {
  return statuses.length - 1 - statuses.findLastIndex((status) => !isSuch(status));
}

/** The same said without a state: what was enough in a row last, or else the first result, decides. */
function expectedStatus(
  statuses: ResultStatus[],
  { failuresToDown, successesToUp }: Thresholds,
): ResultStatus {
  const pasts = statuses.map((_, index) => statuses.slice(0, index + 1));
  function isIt(isBad: (status: ResultStatus) => boolean): boolean {
    const decided = pasts.findLast(
      (past) => run(past, isBad) >= failuresToDown || run(past, (status) => !isBad(status)) >= successesToUp,
    );
    return isBad(decided ? decided.at(-1)! : statuses[0]!);
  }
  if (isIt((status) => status === 'down')) return 'down';
  return isIt((status) => status !== 'up') ? 'degraded' : 'up';
}

describe.each([
  { failuresToDown: 1, successesToUp: 1 },
  { failuresToDown: 3, successesToUp: 2 },
  { failuresToDown: 2, successesToUp: 3 },
  { failuresToDown: 1, successesToUp: 4 },
  { failuresToDown: 4, successesToUp: 1 },
])('with %j, after each sequence of up to seven results', (thresholds) => {
  const all = [1, 2, 3, 4, 5, 6, 7].flatMap(sequences);
  const ends = all.map((statuses) => ({ statuses, states: walk(statuses, thresholds) }));

  test('the status is that of enough results in a row', () => {
    const wrong = ends.filter(
      ({ statuses, states }) => states.at(-1)!.status !== expectedStatus(statuses, thresholds),
    );
    expect(wrong).toEqual([]);
  });

  test('it counts what there were in a row', () => {
    const wrong = ends.filter(({ statuses, states }) => {
      const state = states.at(-1)!;
      return !(
        state.consecutiveFailures === run(statuses, (status) => status === 'down') &&
        state.consecutiveSuccesses === run(statuses, (status) => status !== 'down') &&
        state.consecutiveUps === run(statuses, (status) => status === 'up') &&
        state.consecutiveTroubles === run(statuses, (status) => status !== 'up')
      );
    });
    expect(wrong).toEqual([]);
  });

  test('since is the time of the result that changed it', () => {
    const wrong = ends.filter(({ states }) => {
      const begin = states.findLastIndex(({ status }) => status !== states.at(-1)!.status) + 1;
      return states.at(-1)!.since!.getTime() !== time(begin).getTime();
    });
    expect(wrong).toEqual([]);
  });
});

test('with one result enough, the status is that of the last', () => {
  for (const statuses of sequences(5))
    expect(walk(statuses, { failuresToDown: 1, successesToUp: 1 }).at(-1)!.status).toBe(statuses.at(-1));
});

const usual = { failuresToDown: 3, successesToUp: 2 };

test.each<[string, string]>([
  ['up down down up down down down', 'up up up up up up down'],
  ['down up up', 'down down up'],
  ['down degraded up up', 'down down degraded up'],
  ['down degraded degraded degraded', 'down down degraded degraded'],
  ['up degraded degraded degraded', 'up up up degraded'],
  ['up degraded down degraded up', 'up up up degraded degraded'],
  ['degraded down down down', 'degraded degraded degraded down'],
  ['degraded up degraded up up', 'degraded degraded degraded degraded up'],
])('%s is %s', (statuses, expected) => {
  const states = walk(statuses.split(' ') as ResultStatus[], usual);
  expect(states.map(({ status }) => status).join(' ')).toBe(expected);
});

test('what a change of thresholds means is seen at the next result', () => {
  const twice = walk(['up', 'down', 'down'], usual).at(-1)!;
  expect(nextState(twice, result('down', 3), { ...usual, failuresToDown: 100 }).status).toBe('up');
  expect(nextState(twice, result('down', 3), { ...usual, failuresToDown: 1 }).status).toBe('down');
});

test('a result that is older than the last moves nothing; one of the same time does', () => {
  const [state] = walk(['up'], usual);
  expect(nextState(state!, result('down', -1), { failuresToDown: 1, successesToUp: 1 })).toBe(state);
  expect(nextState(state!, result('down', 0), { failuresToDown: 1, successesToUp: 1 }).status).toBe('down');
});

test('it tells what the last result measured, and nothing of those before', () => {
  const full = { lossPercent: 1.5, jitterMs: 4, sipCode: 503, error: 'unavailable', latencyMs: 30 };
  const [state] = walk(['up'], usual);
  const degraded = nextState(state!, result('degraded', 1, full), usual);
  expect(degraded).toMatchObject({ ...full, lastCheck: time(1) });
  expect(nextState(degraded, result('down', 2, { error: 'timeout' }), usual)).toMatchObject({
    latencyMs: null,
    lossPercent: null,
    sipCode: null,
    error: 'timeout',
    // Computed from here on.
    jitterMs: 4,
  });
});

test('jitter is what was measured, else what the latencies make of it', () => {
  const latencies = [20, 36, null, 52, 20];
  let state = unknownState;
  const seen = latencies.map((latencyMs, minute) => {
    state = nextState(state, result('up', minute, { latencyMs }), usual);
    return state.jitterMs;
  });
  expect(seen).toEqual([null, 1, 1, 1, 1 + (32 - 1) / 16]);
});

test('news is each change, but not that a gateway nobody knew is there', () => {
  const of = (status: GatewayState['status']) => ({ ...unknownState, status });
  const statuses = ['unknown', ...resultStatuses] as const;
  const news = statuses.flatMap((before) =>
    resultStatuses
      .filter((after) => shouldNotify(of(before), of(after)))
      .map((after) => `${before} ${after}`),
  );
  expect(news.sort()).toEqual(
    [
      'unknown down',
      'up degraded',
      'up down',
      'degraded up',
      'degraded down',
      'down up',
      'down degraded',
    ].sort(),
  );
});
