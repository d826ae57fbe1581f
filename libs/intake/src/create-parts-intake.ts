import type { Database, Queryable } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import pLimit from 'p-limit';
import { v7 as uuidv7 } from 'uuid';
import { toAcceptFailure, overloadedFailure } from './accept-failure.ts';
import { MAX_WAITING_BYTES, SWEEP_GRACE_SECONDS, type IntakeOptions } from './create-intake.ts';
import type { IntakeDefinition, Pointers } from './define-intake.ts';
import { createDispatcher } from './create-dispatcher.ts';
import { intakeRows, type NewRow } from './intake.repository.ts';

/** A value too large for one intake row, split into parts. */
export interface AcceptedParts {
  orgId: number;
  /** Lets readers find the parts before they are stored; the same for every part. */
  key: string;
  requestId: string;
  /** JSON texts; each is read after the previous one was inserted. */
  parts: Iterable<string>;
  /** Total size of all parts. */
  bytes: number;
  /** Writes further rows in the same transaction. */
  alongside: (tx: Queryable) => Promise<void>;
}

export interface PartsIntake {
  /**
   * Resolves once all parts are committed; if it rejects, none is.
   * @throws Failure unavailable or unprocessable.
   */
  accept(accepted: AcceptedParts): Promise<void>;
  /** Resolves when every accepted part is committed and its job was accepted or refused by the queue. */
  close(): Promise<void>;
}

/** Each commit holds one database connection while its parts are inserted. */
const MAX_CONCURRENT_COMMITS = 2;

/** Payload bytes per job, which is one transaction of the worker. */
const MAX_JOB_BYTES = 1024 * 1024;

interface Job {
  ids: string[];
  bytes: number;
}

/** Creates an intake for large values: one row per part, one commit for all parts, several pointer jobs. */
export function createPartsIntake<T>(
  db: Database,
  kind: IntakeDefinition<T>,
  producer: Pick<Producer<Pointers>, 'add'>,
  { onUndispatched, graceSeconds = SWEEP_GRACE_SECONDS, maxWaitingBytes = MAX_WAITING_BYTES }: IntakeOptions,
): PartsIntake {
  const dispatcher = createDispatcher(producer, { onUndispatched });
  const limit = pLimit(MAX_CONCURRENT_COMMITS);
  const inFlight = new Set<Promise<void>>();
  let waitingBytes = 0;

  /** Adds jobs one after the other: many at once would exceed the timeout of the producer. */
  async function dispatchAll(jobs: Job[]): Promise<void> {
    for (const { ids, bytes } of jobs) await dispatcher.send(ids, bytes);
  }

  function track(work: Promise<void>): void {
    inFlight.add(work);
    const forget = () => void inFlight.delete(work);
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
    // Callers do not wait for the queue.
    track(dispatchAll(jobs));
  }

  return {
    async accept(accepted) {
      if (waitingBytes + accepted.bytes > maxWaitingBytes) throw overloadedFailure();
      waitingBytes += accepted.bytes;
      const done = limit(() => commit(accepted)).finally(() => (waitingBytes -= accepted.bytes));
      track(done);
      await done.catch((error: unknown) => {
        throw toAcceptFailure(error);
      });
    },
    async close() {
      while (inFlight.size) await Promise.allSettled(inFlight);
    },
  };
}

function addToJobs(jobs: Job[], id: string, bytes: number): void {
  const last = jobs.at(-1);
  if (!last || last.bytes + bytes > MAX_JOB_BYTES) {
    jobs.push({ ids: [id], bytes });
    return;
  }
  last.ids.push(id);
  last.bytes += bytes;
}
