import { defineRecurringQueue } from '@oriontel/recurring';

/** The recurring tasks of gateway monitors. */
export const monitorTaskQueue = defineRecurringQueue('recurring-monitor');
