// A worker process that takes one job and never finishes it:
// node hanging-worker.program.js <queue store as JSON> <queue name>
import { z } from 'zod';
import { connectQueues, defineQueue, type QueueStore } from '../index.ts';

const [store, name] = process.argv.slice(2) as [string, string];

const queues = await connectQueues(JSON.parse(store) as QueueStore, console.error);
const queue = defineQueue({ name, payload: z.unknown(), attempts: 1, backoffMs: 20 });
function hang(): Promise<void> {
  console.log('started');
  return new Promise(() => {});
}
queues.consumer(queue, hang, { concurrency: 1, onFailure: console.error });
