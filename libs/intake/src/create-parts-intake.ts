import type { Database, Queryable } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import pLimit from 'p-limit';
import { v7 as uuidv7 } from 'uuid';
import { toAcceptFailure, overloadedFailure } from './accept-failure.ts';
import { SWEEP_GRACE_SECONDS, type IntakeOptions } from './create-intake.ts';
import type { IntakeDefinition, Pointers } from './define-intake.ts';
import { createDispatcher } from './create-dispatcher.ts';
import { intakeRows, type NewRow } from './intake.repository.ts';

/** What is too large for one row of the intake. */
export interface AcceptedParts {
  orgId: number;
  /** What a reader will ask for before all is stored; of every part. */
  key: string;
  requestId: string;
  /** JSON texts of the kind's values. Each is asked for when the one before it is with the database. */
  parts: Iterable<string>;
  /** Of all parts together. */
  bytes: number;
  /** What is committed with them. */
  alongside: (tx: Queryable) => Promise<void>;
}

export interface PartsIntake {
  /** Resolves once all parts are committed; where it rejects none is. @throws Failure unavailable or unprocessable. */
  accept(accepted: AcceptedParts): Promise<void>;
  close(): Promise<void>;
}

/** Each takes a connection for as long as its parts take. */
const MAX_CONCURRENT_COMMITS = 2;
/** What may wait for commits in one process; beyond it a caller is asked to come back. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

/** Bytes of a job, and so of a transaction of the worker, about. */
const MAX_JOB_BYTES = 1024 * 1024;

interface Job {
  ids: string[];
  bytes: number;
}

/** Steps 2 and 3 of the road for large values: a row for each part, one commit for all of them, and as many jobs as it takes. */
export function createPartsIntake<T>(
  db: Database,
  kind: IntakeDefinition<T>,
  producer: Pick<Producer<Pointers>, 'add'>,
  { onUndispatched, graceSeconds = SWEEP_GRACE_SECONDS }: IntakeOptions,
): PartsIntake {
  const dispatch = createDispatcher(producer, { onUndispatched });
  const limit = pLimit(MAX_CONCURRENT_COMMITS);
  const underWay = new Set<Promise<void>>();
  let waiting = 0;

  /** One after the other: many at once would keep the queue from taking any in time. */
  async function dispatchAll(jobs: Job[]): Promise<void> {
    for (const { ids, bytes } of jobs) await dispatch.send(ids, bytes);
  }

  function track(work: Promise<void>): void {
    underWay.add(work);
    const forget = () => void underWay.delete(work);
    work.then(forget, forget);
  }

  async function commit({ orgId, key, requestId, parts, alongside }: AcceptedParts): Promise<void> {
    const jobs: Job[] = [];
    await db.$transaction(async (tx) => {
      await alongside(tx);
      for (const payload of parts) {
        const row: NewRow = { id: uuidv7(), queue: kind.queue.name, orgId, key, payload, requestId };
        await intakeRows(tx).insert([row], graceSeconds);
        addToJobs(jobs, row.id, payload.length);
      }
    });
    // Nobody waits for the queue.
    track(dispatchAll(jobs));
  }

  return {
    async accept(accepted) {
      if (waiting + accepted.bytes > MAX_WAITING_BYTES) throw overloadedFailure();
      waiting += accepted.bytes;
      const done = limit(() => commit(accepted)).finally(() => (waiting -= accepted.bytes));
      track(done);
      await done.catch((error: unknown) => {
        throw toAcceptFailure(error);
      });
    },
    async close() {
      while (underWay.size) await Promise.allSettled(underWay);
    },
  };
}

function addToJobs(jobs: Job[], id: string, bytes: number): void {
  const last = jobs.at(-1);
  if (!last || last.bytes + bytes > MAX_JOB_BYTES) return void jobs.push({ ids: [id], bytes });
  last.ids.push(id);
  last.bytes += bytes;
}
