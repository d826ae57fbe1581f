export { startRecurringTasks, type RecurringTaskOptions } from './start-recurring-tasks.ts';
export {
  defineRecurringQueue,
  recurringQueue,
  type RecurringQueue,
  type RecurringTaskDefinition,
} from './recurring-task.ts';
