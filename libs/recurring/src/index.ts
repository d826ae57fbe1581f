export { startRecurringTasks, type RecurringTaskOptions } from './start-recurring-tasks.ts';
export { recurringQueue, type RecurringTaskDefinition } from './recurring-task.ts';
