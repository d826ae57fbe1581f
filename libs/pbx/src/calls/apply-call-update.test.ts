import type { Failure } from '@oriontel/contracts';
import { describe, expect, test } from 'vitest';
import { applyCallUpdate, type CallState, type CallUpdate } from './apply-call-update.ts';

const startTime = new Date('2024-01-15T10:30:00.500Z');
const now = new Date('2024-01-15T11:00:00Z');
const at = (seconds: number) => new Date(startTime.getTime() + seconds * 1000);
const iso = (seconds: number) => at(seconds).toISOString();

const active: CallState = { startTime, status: 'active', endTime: null, duration: null, recordingPath: null };
const ended: CallState = { ...active, status: 'completed', endTime: at(60), duration: 60 };
const endedAtUnknownTime: CallState = { ...active, status: 'failed' };

function failureOf(call: CallState, update: CallUpdate) {
  try {
    return applyCallUpdate(call, update, now);
  } catch (error) {
    const { status, details } = error as Failure;
    return `${status} ${details[0]?.field}`;
  }
}

describe('applyCallUpdate on an active call', () => {
  test.each<[string, CallUpdate, Partial<CallState>]>([
    ['at the end given', { end_time: iso(90.9) }, { endTime: at(90.9), duration: 90 }],
    ['after the duration given', { duration: 42 }, { endTime: at(42), duration: 42 }],
    ['as given by both', { end_time: iso(90), duration: 80 }, { endTime: at(90), duration: 80 }],
    [
      'as given by both, with a tolerance of 1 s',
      { end_time: iso(90), duration: 91 },
      { endTime: at(90), duration: 91 },
    ],
    ['at once', { end_time: iso(0) }, { endTime: startTime, duration: 0 }],
    ['now', {}, { endTime: now, duration: 1_799 }],
  ])('ends it %s', (_, update, expected) => {
    for (const status of ['completed', 'failed', 'busy', 'noanswer'] as const)
      expect(applyCallUpdate(active, { ...update, status }, now)).toEqual({ ...active, status, ...expected });
  });

  test('ends it at its start if that is in the future', () => {
    const early = new Date(startTime.getTime() - 1);
    expect(applyCallUpdate(active, { status: 'failed' }, early)).toMatchObject({
      endTime: startTime,
      duration: 0,
    });
  });

  test('changes nothing for status active', () =>
    expect(applyCallUpdate(active, { status: 'active' }, now)).toEqual(active));

  test('sets and clears recording_path without ending it', () => {
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
  ])('%s: %j', (expected, update) => expect(failureOf(active, update)).toBe(expected));

  test('rejects an end after the year 9998', () => {
    const late = { ...active, startTime: new Date('9998-12-31T23:59:59Z') };
    expect(failureOf(late, { status: 'completed', duration: 1 })).toBe('400 duration');
    expect(failureOf(late, { status: 'completed', duration: 0 })).toMatchObject({ duration: 0 });
  });

  test('ends a call that is older than the largest duration', () => {
    const call = { ...active, startTime: new Date('1970-01-01T00:00:00Z') };
    expect(applyCallUpdate(call, { status: 'failed' }, new Date('2050-01-01T00:00:00Z')).duration).toBe(
      2_147_483_647,
    );
  });
});

describe('applyCallUpdate on a finished call', () => {
  test('rejects status active', () => {
    expect(failureOf(ended, { status: 'active' })).toBe('409 status');
    expect(failureOf(ended, { status: 'active', duration: 1 })).toBe('409 status');
  });

  test('changes the status and keeps the end, known or not', () => {
    expect(applyCallUpdate(ended, { status: 'busy' }, now)).toEqual({ ...ended, status: 'busy' });
    expect(applyCallUpdate(endedAtUnknownTime, { status: 'busy' }, now)).toEqual({
      ...endedAtUnknownTime,
      status: 'busy',
    });
    expect(applyCallUpdate(endedAtUnknownTime, { recording_path: 'x' }, now)).toEqual({
      ...endedAtUnknownTime,
      recordingPath: 'x',
    });
  });

  test.each<[string, CallState, CallUpdate, Partial<CallState>]>([
    ['the end and with it the duration', ended, { end_time: iso(30) }, { endTime: at(30), duration: 30 }],
    ['the duration', ended, { duration: 61 }, { endTime: at(60), duration: 61 }],
    ['both', ended, { end_time: iso(100), duration: 99 }, { endTime: at(100), duration: 99 }],
    ['an unknown end', endedAtUnknownTime, { end_time: iso(5) }, { endTime: at(5), duration: 5 }],
    ['an unknown duration', endedAtUnknownTime, { duration: 5 }, { endTime: at(5), duration: 5 }],
  ])('sets %s', (_, call, update, expected) =>
    expect(applyCallUpdate(call, update, now)).toEqual({ ...call, ...expected }),
  );

  test.each<[string, CallUpdate]>([
    ['400 duration', { duration: 62 }],
    ['400 end_time', { end_time: iso(-1) }],
    ['400 duration', { end_time: iso(10), duration: 60 }],
  ])('%s: %j', (expected, update) => expect(failureOf(ended, update)).toBe(expected));
});
