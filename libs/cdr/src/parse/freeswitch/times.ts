import { MAX_CALL_SECONDS } from '../call-leg.ts';
import type { Callflow } from './callflow.ts';
import type { Variables } from './variables.ts';

/** 9999-12-31T23:59:59Z. */
const MAX_EPOCH_SECONDS = 253_402_300_799;

export interface SwitchTimes {
  startTime: Date;
  answerTime: Date | null;
  endTime: Date;
  /** Seconds. */
  duration: number;
  /** Seconds. */
  billsec: number;
}

/** Whole seconds of a count of seconds or microseconds; 0 means never, null that nothing is said. */
function seconds(text: string | null, perSecond: number): number | null {
  if (text === null || !/^\d{1,19}$/.test(text)) return null;
  const value = Math.floor(Number(text) / perSecond);
  return value <= MAX_EPOCH_SECONDS ? value : null;
}

/** `*_stamp` is never read: it is local time without a zone. */
function moment(variables: Variables, name: string, flowTime: string | null): Date | null {
  const said =
    seconds(variables.get(`${name}_epoch`), 1) ??
    seconds(variables.get(`${name}_uepoch`), 1e6) ??
    seconds(flowTime, 1e6);
  return said ? new Date(said * 1000) : null;
}

const between = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1000;

/** The switch's own count, where it agrees with its times to the second. */
function plausibleSeconds(text: string | null, computed: number): number {
  const own = seconds(text, 1);
  return own !== null && Math.abs(own - computed) <= 1 ? own : computed;
}

function endOf(variables: Variables, callflows: Callflow[], start: Date): Date | null {
  const end = moment(variables, 'end', callflows.at(-1)?.time('hangup_time') ?? null);
  const duration = seconds(variables.get('duration'), 1);
  return end ?? (duration === null ? null : new Date(start.getTime() + duration * 1000));
}

/** The times of a leg in whole seconds, as FreeSWITCH counts duration and billsec; else what is wrong with them. */
export function readTimes(variables: Variables, callflows: Callflow[]): SwitchTimes | string {
  const startTime = moment(variables, 'start', callflows[0]?.time('created_time') ?? null);
  if (!startTime)
    return 'the document has no start time (start_epoch, start_uepoch or created_time); send it as the switch wrote it';
  const endTime = endOf(variables, callflows, startTime);
  if (!endTime || Number.isNaN(endTime.getTime()))
    return 'the document has no end time (end_epoch, end_uepoch or hangup_time); send it after the call has ended';
  if (endTime < startTime) return 'the call ends before it starts; check the clock of the switch';
  if (between(startTime, endTime) > MAX_CALL_SECONDS)
    return 'the call lasts longer than a year; check the clock of the switch';
  const answerTime = moment(variables, 'answer', callflows.at(-1)?.time('answered_time') ?? null);
  if (answerTime && (answerTime < startTime || answerTime > endTime))
    return 'the call is answered outside of start and end; check the clock of the switch';
  return {
    startTime,
    answerTime,
    endTime,
    duration: plausibleSeconds(variables.get('duration'), between(startTime, endTime)),
    billsec: answerTime ? plausibleSeconds(variables.get('billsec'), between(answerTime, endTime)) : 0,
  };
}
