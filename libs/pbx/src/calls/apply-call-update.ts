import { integerBetween, Failure, text, time, fieldFailure } from '@oriontel/contracts';
import { z } from 'zod';
import { CallStatus, MAX_CALL_SECONDS, type FoundCall } from './call.ts';

export const CallUpdate = z
  .strictObject({
    end_time: time.optional(),
    duration: integerBetween(0, MAX_CALL_SECONDS).optional().meta({ description: 'Seconds' }),
    status: CallStatus.optional().meta({ description: 'A finished call cannot become active again' }),
    recording_path: text(1024).nullable().optional(),
  })
  .refine(
    (update) => Object.keys(update).length > 0,
    'must have end_time, duration, status or recording_path',
  )
  .meta({
    id: 'CallUpdate',
    examples: [
      {
        end_time: '2024-01-15T10:35:42Z',
        duration: 342,
        status: 'completed',
        recording_path: '/recordings/abc123-def456.wav',
      },
    ],
  });
export type CallUpdate = z.output<typeof CallUpdate>;

type CallTimes = Pick<FoundCall, 'endTime' | 'duration'>;
export type CallState = CallTimes & Pick<FoundCall, 'startTime' | 'status' | 'recordingPath'>;

const MAX_END_YEAR = 9998;

/**
 * The state of a call after a partial update: omitted fields keep their value. A call that ends without
 * `end_time` ends `duration` seconds after its start if given, else `now`.
 * @throws Failure bad_request naming the field, conflict if a finished call would become active again
 */
export function applyCallUpdate(call: CallState, update: CallUpdate, now: Date): CallState {
  const { startTime } = call;
  const status = update.status ?? call.status;
  const recordingPath = update.recording_path === undefined ? call.recordingPath : update.recording_path;
  if (status === 'active') {
    assertStaysActive(call, update);
    return { startTime, status, recordingPath, endTime: null, duration: null };
  }
  return { startTime, status, recordingPath, ...resolveTimes(call, update, now) };
}

function assertStaysActive(call: CallState, { end_time, duration }: CallUpdate): void {
  if (call.status !== 'active') {
    throw new Failure('conflict', 'This call is finished and cannot become active again.', {
      details: [{ field: 'status', message: 'must be completed, failed, busy or noanswer' }],
    });
  }
  if (end_time !== undefined || duration !== undefined)
    throw fieldFailure('status', 'must be completed, failed, busy or noanswer if the call has ended');
}

function resolveTimes(call: CallState, update: CallUpdate, now: Date): CallTimes {
  const { end_time, duration } = update;
  // Correcting the status of a finished call does not change its end, known or not.
  if (call.status !== 'active' && end_time === undefined && duration === undefined)
    return { endTime: call.endTime, duration: call.duration };
  const endTime = resolveEndTime(call, update, now);
  const seconds = (endTime.getTime() - call.startTime.getTime()) / 1000;
  if (seconds < 0) throw fieldFailure('end_time', 'must not be before start_time');
  if (seconds > MAX_CALL_SECONDS && end_time !== undefined)
    throw fieldFailure('end_time', 'must be within 68 years of start_time');
  if (duration !== undefined && duration > seconds + 1)
    throw fieldFailure('duration', `must not exceed the time from start_time to end_time, ${seconds} s`);
  return { endTime, duration: duration ?? Math.min(Math.floor(seconds), MAX_CALL_SECONDS) };
}

function resolveEndTime(
  { startTime, endTime }: CallState,
  { end_time, duration }: CallUpdate,
  now: Date,
): Date {
  if (end_time !== undefined) return new Date(end_time);
  if (endTime) return endTime;
  if (duration === undefined) return now > startTime ? now : startTime;
  const end = new Date(startTime.getTime() + duration * 1000);
  if (end.getUTCFullYear() > MAX_END_YEAR)
    throw fieldFailure('duration', `must not let the call end after the year ${MAX_END_YEAR}`);
  return end;
}
