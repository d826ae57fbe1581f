import { isBadData, type Database } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import { v7 as uuidv7 } from 'uuid';
import { toAcceptFailure, overloadedFailure } from './accept-failure.ts';
import type { IntakeDefinition, Pointers } from './define-intake.ts';
import { createDispatcher, type DispatchOptions } from './create-dispatcher.ts';
import { createGroupCommit } from './create-group-commit.ts';
import { intakeRows, type NewRow } from './intake.repository.ts';

export type IntakeItem<T> = NewItem & ({ value: T } | { /** The value as JSON. */ json: string });

interface NewItem {
  orgId: number;
  /** Lets readers find the value before it is stored. */
  key: string;
  /**
   * Records in the value.
   * @default 1
   */
  items?: number;
  /** Given to the client that sent the value, if it has one. */
  reference?: string;
  requestId: string;
}

export interface Intake<T> {
  /**
   * Resolves with the row's id once the value is committed.
   * @throws Failure unavailable or unprocessable.
   */
  accept(item: IntakeItem<T>): Promise<{ id: string; acceptedAt: Date }>;
  /** Resolves when every accepted value is committed and its job was accepted or refused by the queue. */
  close(): Promise<void>;
}

export interface IntakeOptions extends DispatchOptions {
  /**
   * Seconds until the sweeper may dispatch a row again.
   * @default SWEEP_GRACE_SECONDS
   */
  graceSeconds?: number;
  /**
   * Bytes that may wait for a commit in one process; beyond this limit `accept` throws unavailable.
   * @default 256 MiB
   */
  maxWaitingBytes?: number;
}

/** Seconds after which a row that is still in the intake counts as lost by its queue. */
export const SWEEP_GRACE_SECONDS = 5;

const GROUP_LIMITS = {
  maxInFlight: 2,
  maxItems: 500,
  maxBytes: 8 * 1024 * 1024,
  extraWriterAt: { items: 100, bytes: 256 * 1024 },
};

export const MAX_WAITING_BYTES = 256 * 1024 * 1024;

/**
 * Creates the write side of an intake: commits several requests per transaction, then adds one pointer job
 * per group.
 */
export function createIntake<T>(
  db: Database,
  kind: IntakeDefinition<T>,
  producer: Pick<Producer<Pointers>, 'add'>,
  { onUndispatched, graceSeconds = SWEEP_GRACE_SECONDS, maxWaitingBytes = MAX_WAITING_BYTES }: IntakeOptions,
): Intake<T> {
  const rows = intakeRows(db.$sql);
  const dispatcher = createDispatcher(producer, { onUndispatched });

  async function write(group: NewRow[]): Promise<void> {
    await rows.insert(group, graceSeconds);
    const ids = group.map(({ id }) => id);
    const bytes = group.reduce((sum, { payload }) => sum + payload.length, 0);
    // Callers do not wait for the queue.
    void dispatcher.send(ids, bytes);
  }
  const groups = createGroupCommit<NewRow>({
    write,
    sizeOf: ({ payload }) => payload.length,
    ...GROUP_LIMITS,
  });

  /** One row with bad data fails its whole group: each row is then written alone. */
  async function commit(row: NewRow): Promise<void> {
    try {
      await groups.add(row);
    } catch (error) {
      if (!isBadData(error)) throw error;
      await write([row]);
    }
  }

  return {
    async accept({ orgId, key, items, reference, requestId, ...content }) {
      if (groups.pendingBytes() > maxWaitingBytes) throw overloadedFailure();
      const payload = 'json' in content ? content.json : JSON.stringify(content.value);
      const id = uuidv7();
      const row = { id, queue: kind.queue.name, orgId, key, payload, items, reference, requestId };
      await commit(row).catch((error: unknown) => {
        throw toAcceptFailure(error);
      });
      return { id: row.id, acceptedAt: new Date() };
    },
    async close() {
      await groups.whenIdle();
      await dispatcher.whenIdle();
    },
  };
}
