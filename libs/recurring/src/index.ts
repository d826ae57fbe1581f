export { keepRecurring, type RecurringOptions } from './keep-recurring.ts';
export { recurringQueue, type RecurringWork } from './recurring-work.ts';
