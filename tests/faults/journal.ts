/** What the load sends; each item is stored as one row that contains its mark. */
export type Kind = 'cdr' | 'event' | 'log';

export interface Attempt {
  kind: Kind;
  orgId: number;
  /** Unique texts, one for each item of the request. */
  marks: string[];
  /** By `performance.now()`. */
  startedAt: number;
  endedAt: number;
  /** Null: no response. */
  status: number | null;
  hasRetryAfter: boolean;
}

/** When a fault was in effect, by `performance.now()`. */
export interface FaultPeriod {
  name: string;
  startedAt: number;
  endedAt: number;
  /** From the end of the fault until a CDR was acknowledged and stored. */
  recoveryMs: number;
}

/** Everything that was sent and injected in one run. */
export interface Journal {
  attempts: Attempt[];
  faults: FaultPeriod[];
}

export function isAcknowledged({ status }: Attempt): boolean {
  return status !== null && status < 300;
}

/** Whether a fault, or the recovery from it, was in effect during the request. */
export function overlapsFault({ startedAt, endedAt }: Attempt, faults: FaultPeriod[]): boolean {
  return faults.some((fault) => startedAt < fault.endedAt + fault.recoveryMs && endedAt > fault.startedAt);
}
