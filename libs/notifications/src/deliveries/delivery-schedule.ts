import type { RetrySchedule } from '@oriontel/outbound';

/** When a failed delivery is sent again. A webhook that fails for `giveUpAfterSeconds` is disabled. */
export interface DeliverySchedule extends RetrySchedule {
  /** Age at which an email that still fails is given up. */
  giveUpEmailAfterSeconds: number;
}

export const DELIVERY_SCHEDULE: DeliverySchedule = {
  firstDelaySeconds: 5,
  maxDelaySeconds: 10 * 3_600,
  giveUpAfterSeconds: 5 * 86_400,
  giveUpEmailAfterSeconds: 86_400,
};
