// A worker process for tests:
// node worker.program.js <database URL> <queue store as JSON> <hang: true or false>
import { createDatabase, type Queryable } from '@oriontel/database';
import { connectQueues, type QueueStore } from '@oriontel/queues';
import { createDrain } from '../create-drain.ts';
import type { IntakeRow } from '../intake.repository.ts';
import { silentHooks, storeWords, words, type Word } from './scratch.ts';

const [url, store, hang] = process.argv.slice(2) as [string, string, string];

const db = createDatabase({ url, name: 'killed worker' });
const queues = await connectQueues(JSON.parse(store) as QueueStore, console.error);

/** Prints a line after the write, inside the transaction; with `hang` it never returns. */
async function storeAndReport(tx: Queryable, rows: IntakeRow<Word>[]) {
  const refused = await storeWords(tx, rows);
  console.log('row written');
  if (hang === 'true') await new Promise(() => {});
  return refused;
}

const drain = createDrain(db, words, storeAndReport, silentHooks);
queues.consumer(words.queue, drain, { concurrency: 2, onFailure: console.error });
