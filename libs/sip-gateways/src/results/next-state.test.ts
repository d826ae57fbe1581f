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

/** The states after each result. */
function statesAfter(statuses: ResultStatus[], thresholds: Thresholds): GatewayState[] {
  let state = unknownState;
  return statuses.map((status, minute) => (state = nextState(state, result(status, minute), thresholds)));
}

function sequences(length: number): ResultStatus[][] {
  return length === 0
    ? [[]]
    : sequences(length - 1).flatMap((rest) => resultStatuses.map((status) => [...rest, status]));
}

/** The number of latest results in a row that match. */
function runLength(statuses: ResultStatus[], matches: (status: ResultStatus) => boolean): number {
  return statuses.length - 1 - statuses.findLastIndex((status) => !matches(status));
}

/** The specification without a state: the last run that was long enough decides, else the first result. */
function expectedStatus(
  statuses: ResultStatus[],
  { failuresToDown, successesToUp }: Thresholds,
): ResultStatus {
  const pasts = statuses.map((_, index) => statuses.slice(0, index + 1));
  function isInState(isBad: (status: ResultStatus) => boolean): boolean {
    const decided = pasts.findLast(
      (past) =>
        runLength(past, isBad) >= failuresToDown ||
        runLength(past, (status) => !isBad(status)) >= successesToUp,
    );
    return isBad(decided ? decided.at(-1)! : statuses[0]!);
  }
  if (isInState((status) => status === 'down')) return 'down';
  return isInState((status) => status !== 'up') ? 'degraded' : 'up';
}

describe.each([
  { failuresToDown: 1, successesToUp: 1 },
  { failuresToDown: 3, successesToUp: 2 },
  { failuresToDown: 2, successesToUp: 3 },
  { failuresToDown: 1, successesToUp: 4 },
  { failuresToDown: 4, successesToUp: 1 },
])('nextState with %j, after each sequence of up to seven results,', (thresholds) => {
  const all = [1, 2, 3, 4, 5, 6, 7].flatMap(sequences);
  const ends = all.map((statuses) => ({ statuses, states: statesAfter(statuses, thresholds) }));

  test('sets the status of the last run that was long enough', () => {
    const wrong = ends.filter(
      ({ statuses, states }) => states.at(-1)!.status !== expectedStatus(statuses, thresholds),
    );
    expect(wrong).toEqual([]);
  });

  test('counts the results in a row', () => {
    const wrong = ends.filter(({ statuses, states }) => {
      const state = states.at(-1)!;
      return !(
        state.consecutiveFailures === runLength(statuses, (status) => status === 'down') &&
        state.consecutiveSuccesses === runLength(statuses, (status) => status !== 'down') &&
        state.consecutiveUps === runLength(statuses, (status) => status === 'up') &&
        state.consecutiveTroubles === runLength(statuses, (status) => status !== 'up')
      );
    });
    expect(wrong).toEqual([]);
  });

  test('sets since to the time of the result that changed the status', () => {
    const wrong = ends.filter(({ states }) => {
      const begin = states.findLastIndex(({ status }) => status !== states.at(-1)!.status) + 1;
      return states.at(-1)!.since!.getTime() !== time(begin).getTime();
    });
    expect(wrong).toEqual([]);
  });
});

test('nextState with thresholds of one follows the last result', () => {
  for (const statuses of sequences(5))
    expect(statesAfter(statuses, { failuresToDown: 1, successesToUp: 1 }).at(-1)!.status).toBe(
      statuses.at(-1),
    );
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
])('nextState turns %s into %s', (statuses, expected) => {
  const states = statesAfter(statuses.split(' ') as ResultStatus[], usual);
  expect(states.map(({ status }) => status).join(' ')).toBe(expected);
});

test('nextState applies changed thresholds at the next result', () => {
  const twice = statesAfter(['up', 'down', 'down'], usual).at(-1)!;
  expect(nextState(twice, result('down', 3), { ...usual, failuresToDown: 100 }).status).toBe('up');
  expect(nextState(twice, result('down', 3), { ...usual, failuresToDown: 1 }).status).toBe('down');
});

test('nextState ignores a result older than the last, and applies one of the same time', () => {
  const [state] = statesAfter(['up'], usual);
  expect(nextState(state!, result('down', -1), { failuresToDown: 1, successesToUp: 1 })).toBe(state);
  expect(nextState(state!, result('down', 0), { failuresToDown: 1, successesToUp: 1 }).status).toBe('down');
});

test('nextState keeps the measurements of the last result only', () => {
  const full = { lossPercent: 1.5, jitterMs: 4, sipCode: 503, error: 'unavailable', latencyMs: 30 };
  const [state] = statesAfter(['up'], usual);
  const degraded = nextState(state!, result('degraded', 1, full), usual);
  expect(degraded).toMatchObject({ ...full, lastCheck: time(1) });
  expect(nextState(degraded, result('down', 2, { error: 'timeout' }), usual)).toMatchObject({
    latencyMs: null,
    lossPercent: null,
    sipCode: null,
    error: 'timeout',
    // Not measured: computed from the last one.
    jitterMs: 4,
  });
});

test('nextState takes the measured jitter, else computes it from the latencies', () => {
  const latencies = [20, 36, null, 52, 20];
  let state = unknownState;
  const seen = latencies.map((latencyMs, minute) => {
    state = nextState(state, result('up', minute, { latencyMs }), usual);
    return state.jitterMs;
  });
  expect(seen).toEqual([null, 1, 1, 1, 1 + (32 - 1) / 16]);
});

test('shouldNotify reports each change but the first result, unless that is down', () => {
  const of = (status: GatewayState['status']) => ({ ...unknownState, status });
  const statuses = ['unknown', ...resultStatuses] as const;
  const notified = statuses.flatMap((before) =>
    resultStatuses
      .filter((after) => shouldNotify(of(before), of(after)))
      .map((after) => `${before} ${after}`),
  );
  expect(notified.sort()).toEqual(
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
