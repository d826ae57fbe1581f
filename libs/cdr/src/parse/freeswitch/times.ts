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

/** Whole seconds from a count of seconds or microseconds; 0 means never, null means unknown. */
function seconds(text: string | null, perSecond: number): number | null {
  if (text === null || !/^\d{1,19}$/.test(text)) return null;
  const value = Math.floor(Number(text) / perSecond);
  return value <= MAX_EPOCH_SECONDS ? value : null;
}

/** Ignores `*_stamp`, which is local time without a zone. */
function moment(variables: Variables, name: string, flowTime: string | null): Date | null {
  const epoch =
    seconds(variables.get(`${name}_epoch`), 1) ??
    seconds(variables.get(`${name}_uepoch`), 1e6) ??
    seconds(flowTime, 1e6);
  return epoch ? new Date(epoch * 1000) : null;
}

const between = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1000;

/** The count of the switch if it is within 1 s of the difference between its times, else that difference. */
function plausibleSeconds(text: string | null, computed: number): number {
  const counted = seconds(text, 1);
  return counted !== null && Math.abs(counted - computed) <= 1 ? counted : computed;
}

function endOf(variables: Variables, callflows: Callflow[], start: Date): Date | null {
  const end = moment(variables, 'end', callflows.at(-1)?.time('hangup_time') ?? null);
  const duration = seconds(variables.get('duration'), 1);
  return end ?? (duration === null ? null : new Date(start.getTime() + duration * 1000));
}

/**
 * The times of a leg in whole seconds, as FreeSWITCH counts duration and billsec, or the reason why they are
 * invalid.
 */
export function readTimes(variables: Variables, callflows: Callflow[]): SwitchTimes | string {
  const startTime = moment(variables, 'start', callflows[0]?.time('created_time') ?? null);
  if (!startTime)
    return 'the document has no start time (start_epoch, start_uepoch or created_time); send it unchanged';
  const endTime = endOf(variables, callflows, startTime);
  if (!endTime || Number.isNaN(endTime.getTime()))
    return 'the document has no end time (end_epoch, end_uepoch or hangup_time); send it after the call';
  if (endTime < startTime) return 'the call ends before it starts; check the clock of the switch';
  if (between(startTime, endTime) > MAX_CALL_SECONDS)
    return 'the call lasts longer than a year; check the clock of the switch';
  const answerTime = moment(variables, 'answer', callflows.at(-1)?.time('answered_time') ?? null);
  if (answerTime && (answerTime < startTime || answerTime > endTime))
    return 'the call is answered outside of its start and end; check the clock of the switch';
  return {
    startTime,
    answerTime,
    endTime,
    duration: plausibleSeconds(variables.get('duration'), between(startTime, endTime)),
    billsec: answerTime ? plausibleSeconds(variables.get('billsec'), between(answerTime, endTime)) : 0,
  };
}
