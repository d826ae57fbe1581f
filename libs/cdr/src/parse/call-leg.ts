import { z } from 'zod';

export const Disposition = z.enum(['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED']);
export type Disposition = z.output<typeof Disposition>;

export const Direction = z.enum(['inbound', 'outbound', 'internal']);
export type Direction = z.output<typeof Direction>;

/** a: the leg that started the call; b: a leg originated on behalf of another. */
export const Leg = z.enum(['a', 'b']);
export type Leg = z.output<typeof Leg>;

/** A longer duration points to a wrong clock. */
export const MAX_CALL_SECONDS = 366 * 86_400;

/** One leg as an intake format describes it, before normalization: numbers as sent, null for unknown. */
export interface LegFacts {
  callId: string;
  leg: Leg | null;
  linkedCallId: string | null;
  direction: Direction | null;
  caller: string | null;
  callee: string | null;
  startTime: Date;
  answerTime: Date | null;
  endTime: Date | null;
  /** Seconds from start to end. */
  duration: number | null;
  /** Seconds from answer to end. */
  billsec: number | null;
  /** From a platform record, in any spelling; always null from FreeSWITCH. */
  disposition: string | null;
  hangupCause: string | null;
  originateDisposition: string | null;
  /** ITU-T Q.850 cause, 0 to 127. */
  q850: number | null;
  /** Final SIP status, 100 to 699. */
  sipStatus: number | null;
  trunkId: string | null;
  source: string | null;
}

/** One normalized leg: numbers in E.164 where they can be parsed, one of four dispositions. */
export interface CallLeg {
  callId: string;
  leg: Leg;
  linkedCallId: string | null;
  direction: Direction | null;
  caller: string | null;
  callee: string | null;
  callerRaw: string | null;
  calleeRaw: string | null;
  startTime: Date;
  answerTime: Date | null;
  endTime: Date | null;
  /** Whole seconds from start to end. */
  duration: number;
  /** Whole seconds from answer to end; 0 if not answered. */
  billsec: number;
  disposition: Disposition;
  hangupCause: string | null;
  q850: number | null;
  sipStatus: number | null;
  trunkId: string | null;
  source: string;
}
