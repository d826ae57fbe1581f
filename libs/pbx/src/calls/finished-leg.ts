/** One leg of a call from its CDR, with numbers normalized and as received (`…Raw`). */
export interface FinishedLeg {
  orgId: number;
  callId: string;
  leg: 'a' | 'b';
  caller: string | null;
  callee: string | null;
  callerRaw: string | null;
  calleeRaw: string | null;
  startTime: Date;
  endTime: Date | null;
  /** Whole seconds. */
  duration: number;
  disposition: 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED';
}
