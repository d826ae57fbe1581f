import type { RetrySchedule } from '@oriontel/outbound';

/** When a failed batch is sent again, and when the circuit opens. A batch given up becomes a dead letter. */
export interface ForwardSchedule extends RetrySchedule {
  /** Failures in a row that open the circuit. */
  failureThreshold: number;
  /** Longest time between two probes while the circuit is open. */
  maxOpenSeconds: number;
  /** Time after which another process may take over a claimed batch; longer than any request takes. */
  leaseSeconds: number;
}

export const FORWARD_SCHEDULE: ForwardSchedule = {
  firstDelaySeconds: 1,
  maxDelaySeconds: 600,
  giveUpAfterSeconds: 86_400,
  failureThreshold: 5,
  maxOpenSeconds: 30,
  leaseSeconds: 30,
};
