export { keepRecurring, type RecurringOptions } from './keep-recurring.ts';
export type { RecurringWork } from './recurring-work.ts';
