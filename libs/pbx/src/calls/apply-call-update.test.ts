import type { Failure } from '@oriontel/contracts';
import { describe, expect, test } from 'vitest';
import { applyCallUpdate, type CallState, type CallUpdate } from './apply-call-update.ts';

const startTime = new Date('2024-01-15T10:30:00.500Z');
const now = new Date('2024-01-15T11:00:00Z');
const at = (seconds: number) => new Date(startTime.getTime() + seconds * 1000);
const iso = (seconds: number) => at(seconds).toISOString();

const active: CallState = { startTime, status: 'active', endTime: null, duration: null, recordingPath: null };
const ended: CallState = { ...active, status: 'completed', endTime: at(60), duration: 60 };
const endedSomehow: CallState = { ...active, status: 'failed' };

function refusal(call: CallState, update: CallUpdate) {
  try {
    return applyCallUpdate(call, update, now);
  } catch (error) {
    const { status, details } = error as Failure;
    return `${status} ${details[0]?.field}`;
  }
}

describe('an active call', () => {
  test.each<[string, CallUpdate, Partial<CallState>]>([
    ['at the end given', { end_time: iso(90.9) }, { endTime: at(90.9), duration: 90 }],
    ['after the duration given', { duration: 42 }, { endTime: at(42), duration: 42 }],
    ['as given, both', { end_time: iso(90), duration: 80 }, { endTime: at(90), duration: 80 }],
    ['as given, to a second', { end_time: iso(90), duration: 91 }, { endTime: at(90), duration: 91 }],
    ['at once', { end_time: iso(0) }, { endTime: startTime, duration: 0 }],
    ['now', {}, { endTime: now, duration: 1_799 }],
  ])('ends %s', (_, update, expected) => {
    for (const status of ['completed', 'failed', 'busy', 'noanswer'] as const)
      expect(applyCallUpdate(active, { ...update, status }, now)).toEqual({ ...active, status, ...expected });
  });

  test('that starts later than now ends as it starts', () => {
    const early = new Date(startTime.getTime() - 1);
    expect(applyCallUpdate(active, { status: 'failed' }, early)).toMatchObject({
      endTime: startTime,
      duration: 0,
    });
  });

  test('does not change by being active', () =>
    expect(applyCallUpdate(active, { status: 'active' }, now)).toEqual(active));

  test('may be told its recording, and have it taken away, while it goes on', () => {
    const recorded = applyCallUpdate(active, { recording_path: 'a.wav' }, now);
    expect(recorded).toEqual({ ...active, recordingPath: 'a.wav' });
    expect(applyCallUpdate(recorded, { status: 'active' }, now)).toEqual(recorded);
    expect(applyCallUpdate(recorded, { recording_path: null }, now)).toEqual(active);
  });

  test.each<[string, CallUpdate]>([
    ['400 status', { end_time: iso(1) }],
    ['400 status', { duration: 0 }],
    ['400 status', { status: 'active', duration: 1 }],
    ['400 status', { status: 'active', end_time: iso(1) }],
    ['400 end_time', { status: 'busy', end_time: iso(-0.001) }],
    ['400 end_time', { status: 'busy', end_time: '9998-01-01T00:00:00Z' }],
    ['400 duration', { status: 'busy', end_time: iso(90), duration: 92 }],
  ])('%s: %j', (expected, update) => expect(refusal(active, update)).toBe(expected));

  test('is not let end in a year that no time is of', () => {
    const late = { ...active, startTime: new Date('9998-12-31T23:59:59Z') };
    expect(refusal(late, { status: 'completed', duration: 1 })).toBe('400 duration');
    expect(refusal(late, { status: 'completed', duration: 0 })).toMatchObject({ duration: 0 });
  });

  test('that was forgotten for longer than a duration can tell can still be ended', () => {
    const call = { ...active, startTime: new Date('1970-01-01T00:00:00Z') };
    expect(applyCallUpdate(call, { status: 'failed' }, new Date('2050-01-01T00:00:00Z')).duration).toBe(
      2_147_483_647,
    );
  });
});

describe('a finished call', () => {
  test('cannot become active again', () => {
    expect(refusal(ended, { status: 'active' })).toBe('409 status');
    expect(refusal(ended, { status: 'active', duration: 1 })).toBe('409 status');
  });

  test('may have another outcome, and ended when it did, known or not', () => {
    expect(applyCallUpdate(ended, { status: 'busy' }, now)).toEqual({ ...ended, status: 'busy' });
    expect(applyCallUpdate(endedSomehow, { status: 'busy' }, now)).toEqual({
      ...endedSomehow,
      status: 'busy',
    });
    expect(applyCallUpdate(endedSomehow, { recording_path: 'x' }, now)).toEqual({
      ...endedSomehow,
      recordingPath: 'x',
    });
  });

  test.each<[string, CallState, CallUpdate, Partial<CallState>]>([
    ['its end, and with it its duration', ended, { end_time: iso(30) }, { endTime: at(30), duration: 30 }],
    ['its duration', ended, { duration: 61 }, { endTime: at(60), duration: 61 }],
    ['both', ended, { end_time: iso(100), duration: 99 }, { endTime: at(100), duration: 99 }],
    ['an end that was not known', endedSomehow, { end_time: iso(5) }, { endTime: at(5), duration: 5 }],
    ['a duration that was not known', endedSomehow, { duration: 5 }, { endTime: at(5), duration: 5 }],
  ])('may be told %s', (_, call, update, expected) =>
    expect(applyCallUpdate(call, update, now)).toEqual({ ...call, ...expected }),
  );

  test.each<[string, CallUpdate]>([
    ['400 duration', { duration: 62 }],
    ['400 end_time', { end_time: iso(-1) }],
    ['400 duration', { end_time: iso(10), duration: 60 }],
  ])('%s: %j', (expected, update) => expect(refusal(ended, update)).toBe(expected));
});
