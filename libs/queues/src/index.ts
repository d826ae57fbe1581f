export { chooseQueueStore, type QueueStore } from './backend.ts';
export type { Board, BoardQueue } from './board.ts';
export type { Consumer } from './consumer.ts';
export { defineQueue, type QueueDefinition } from './define-queue.ts';
export { connectQueues, type Queues } from './connect-queues.ts';
export type { Producer } from './producer.ts';
export type { Schedule, Scheduler } from './scheduler.ts';
