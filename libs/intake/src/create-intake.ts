import { isBadData, type Database } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import { v7 as uuidv7 } from 'uuid';
import { toAcceptFailure, overloadedFailure } from './accept-failure.ts';
import type { IntakeDefinition, Pointers } from './define-intake.ts';
import { createDispatcher, type DispatchOptions } from './create-dispatcher.ts';
import { createGroupCommit } from './create-group-commit.ts';
import { intakeRows, type NewRow } from './intake.repository.ts';

export interface IntakeItem<T> {
  orgId: number;
  /** What a reader will ask for before the value is stored. */
  key: string;
  value: T;
  requestId: string;
}

export interface Intake<T> {
  /** Resolves with the row's id once the value is committed. @throws Failure unavailable or unprocessable. */
  accept(acceptance: IntakeItem<T>): Promise<{ id: string; acceptedAt: Date }>;
  /** Resolves when all that was accepted is committed and handed to the queue as far as it takes it. */
  close(): Promise<void>;
}

export interface IntakeOptions extends DispatchOptions {
  /** Seconds until the sweeper may dispatch a row again; see GRACE. */
  graceSeconds?: number;
}

/** Seconds a row may stay before it counts as forgotten by its queue. */
export const SWEEP_GRACE_SECONDS = 5;

const GROUP_LIMITS = { maxInFlight: 2, maxItems: 500, maxBytes: 8 * 1024 * 1024 };
/** What may wait for commits in one process; beyond it a caller is asked to come back. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

/** Step 2 and 3 of the road: commit, several requests at a time, then one job with the pointers of the whole group. */
export function createIntake<T>(
  db: Database,
  kind: IntakeDefinition<T>,
  producer: Pick<Producer<Pointers>, 'add'>,
  { onUndispatched, graceSeconds = SWEEP_GRACE_SECONDS }: IntakeOptions,
): Intake<T> {
  const rows = intakeRows(db);
  const dispatch = createDispatcher(producer, { onUndispatched });

  async function write(group: NewRow[]): Promise<void> {
    await rows.insert(group, graceSeconds);
    const bytes = group.reduce((sum, { payload }) => sum + payload.length, 0);
    // Nobody waits for the queue.
    void dispatch.send(
      group.map(({ id }) => id),
      bytes,
    );
  }
  const groups = createGroupCommit<NewRow>({
    write,
    sizeOf: ({ payload }) => payload.length,
    ...GROUP_LIMITS,
  });

  /** A row that the database refuses fails its whole group: alone, each fares as it deserves. */
  async function commit(row: NewRow): Promise<void> {
    try {
      await groups.add(row);
    } catch (error) {
      if (!isBadData(error)) throw error;
      await write([row]);
    }
  }

  return {
    async accept({ orgId, key, value, requestId }) {
      if (groups.pendingBytes() > MAX_WAITING_BYTES) throw overloadedFailure();
      const row = {
        id: uuidv7(),
        queue: kind.queue.name,
        orgId,
        key,
        payload: JSON.stringify(value),
        requestId,
      };
      await commit(row).catch((error: unknown) => {
        throw toAcceptFailure(error);
      });
      return { id: row.id, acceptedAt: new Date() };
    },
    async close() {
      await groups.whenIdle();
      await dispatch.whenIdle();
    },
  };
}
