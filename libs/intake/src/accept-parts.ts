import type { Database, Queryable } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import pLimit from 'p-limit';
import { v7 as uuidv7 } from 'uuid';
import { acceptFailure, busy } from './accept-failure.ts';
import { GRACE, type IntakeOptions } from './accept.ts';
import type { IntakeKind, Pointers } from './define-intake.ts';
import { openDispatch } from './dispatch.ts';
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
const AT_ONCE = 2;
/** What may wait for commits in one process; beyond it a caller is asked to come back. */
const MOST_WAITING = 256 * 1024 * 1024;

/** Bytes of a job, and so of a transaction of the worker, about. */
const JOB_BYTES = 1024 * 1024;

interface Job {
  ids: string[];
  bytes: number;
}

/** Steps 2 and 3 of the road for large values: a row for each part, one commit for all of them, and as many jobs as it takes. */
export const openPartsIntake = <T>(
  db: Database,
  kind: IntakeKind<T>,
  producer: Pick<Producer<Pointers>, 'add'>,
  { onUndispatched, grace = GRACE }: IntakeOptions,
): PartsIntake => {
  const dispatch = openDispatch(producer, { onUndispatched });
  const limit = pLimit(AT_ONCE);
  const underWay = new Set<Promise<void>>();
  let waiting = 0;

  /** One after the other: many at once would keep the queue from taking any in time. */
  const dispatchAll = async (jobs: Job[]): Promise<void> => {
    for (const { ids, bytes } of jobs) await dispatch.send(ids, bytes);
  };

  const track = (work: Promise<void>): void => {
    underWay.add(work);
    const forget = () => void underWay.delete(work);
    work.then(forget, forget);
  };

  const commit = async ({ orgId, key, requestId, parts, alongside }: AcceptedParts): Promise<void> => {
    const jobs: Job[] = [];
    await db.$transaction(async (tx) => {
      await alongside(tx);
      for (const payload of parts) {
        const row: NewRow = { id: uuidv7(), queue: kind.queue.name, orgId, key, payload, requestId };
        await intakeRows(tx).insert([row], grace);
        addTo(jobs, row.id, payload.length);
      }
    });
    // Nobody waits for the queue.
    track(dispatchAll(jobs));
  };

  return {
    accept: async (accepted) => {
      if (waiting + accepted.bytes > MOST_WAITING) throw busy();
      waiting += accepted.bytes;
      const done = limit(() => commit(accepted)).finally(() => (waiting -= accepted.bytes));
      track(done);
      await done.catch((error: unknown) => {
        throw acceptFailure(error);
      });
    },
    close: async () => {
      while (underWay.size) await Promise.allSettled(underWay);
    },
  };
};

const addTo = (jobs: Job[], id: string, bytes: number): void => {
  const last = jobs.at(-1);
  if (!last || last.bytes + bytes > JOB_BYTES) return void jobs.push({ ids: [id], bytes });
  last.ids.push(id);
  last.bytes += bytes;
};
