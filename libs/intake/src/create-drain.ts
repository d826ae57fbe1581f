import { Failure } from '@oriontel/contracts';
import { isBadData, isUnavailable, type Database, type SqlTransaction } from '@oriontel/database';
import type { IntakeDefinition, Pointers } from './define-intake.ts';
import { intakeRows, type IntakeRow, type NewQuarantineItem, type StoredRow } from './intake.repository.ts';
import { quarantine } from './quarantine.repository.ts';

/**
 * Writes the final rows of `rows` within the transaction and returns the items to quarantine instead.
 * May run twice for a row (the first time rolled back): it must not keep state that assumes a commit.
 */
export type StoreRows<T> = (tx: SqlTransaction, rows: IntakeRow<T>[]) => Promise<NewQuarantineItem[]>;

export interface DrainResult {
  rows: number;
  quarantined: number;
  requestIds: string[];
}

export interface DrainOptions {
  onDrained: (drained: DrainResult) => void;
  /** Called when a row fails by itself, with the number of attempts; at MAX_ATTEMPTS it is quarantined. */
  onPoison: (error: unknown, row: { id: string; attempts: number }) => void;
}

/** A row whose handler failed this often for an unknown reason is quarantined. */
export const MAX_ATTEMPTS = 5;

export type Drain = (pointers: Pointers) => Promise<void>;

/**
 * Creates the handler of an intake queue. It writes the final rows and deletes the intake rows in one
 * transaction; rows that can never be stored go to quarantine without blocking the others. Rejects if a later
 * attempt may succeed.
 */
export function createDrain<T>(
  db: Database,
  kind: IntakeDefinition<T>,
  store: StoreRows<T>,
  options: DrainOptions,
): Drain {
  const queue = kind.queue.name;

  async function drainTogether(ids: string[]): Promise<void> {
    const drained = await db.$sqlTransaction(async (tx) => {
      const rows = await intakeRows(tx).dequeue<T>(ids);
      const exhausted = rows.filter(({ attempts }) => attempts > MAX_ATTEMPTS).map(attemptsExhausted);
      const storable = rows.filter(({ attempts }) => attempts <= MAX_ATTEMPTS);
      const refused = storable.length ? await store(tx, storable) : [];
      await quarantine(tx).insert(queue, [...exhausted, ...refused]);
      return {
        rows: rows.length,
        quarantined: exhausted.length + refused.length,
        requestIds: rows.map((row) => row.requestId),
      };
    });
    if (drained.rows) options.onDrained(drained);
  }

  /**
   * Handles an error of one row: quarantines the row if it can never succeed, else counts the attempt and
   * rethrows. `isCounted`: the attempt was counted before it began.
   */
  async function handleRowError(id: string, error: unknown, isCounted: boolean): Promise<void> {
    const isPermanent = isBadData(error) || (error instanceof Failure && !error.isRetryable);
    const attempts = await db.$sqlTransaction(async (tx) => {
      const [row] = await intakeRows(tx).claim<T>([id]);
      if (!row) return 0;
      const begun = isCounted ? row.attempts : row.attempts + 1;
      if (isPermanent || begun >= MAX_ATTEMPTS) {
        await quarantine(tx).insert(queue, [poisonItem(row, error)]);
        await intakeRows(tx).remove([id]);
      } else if (!isCounted) {
        await intakeRows(tx).countAttempt([id]);
      }
      return begun;
    });
    options.onPoison(error, { id, attempts });
    if (!isPermanent && attempts > 0 && attempts < MAX_ATTEMPTS) throw error;
  }

  /**
   * Drains rows one by one, so that each fails alone; stops at the first error of an unavailable database.
   */
  async function drainEach(ids: string[], isCounted: boolean): Promise<void> {
    const errors: unknown[] = [];
    for (const id of ids) {
      try {
        await drainTogether([id]).catch((error: unknown) => {
          if (isUnavailable(error)) throw error;
          return handleRowError(id, error, isCounted);
        });
      } catch (error) {
        if (isUnavailable(error)) throw error;
        errors.push(error);
      }
    }
    if (errors.length) throw errors[0];
  }

  return async function drain({ ids, swept }) {
    if (swept) await intakeRows(db).countAttempt(ids);
    try {
      await drainTogether(ids).catch((error: unknown) => {
        if (isUnavailable(error)) throw error;
        return drainEach(ids, swept);
      });
    } catch (error) {
      // An unavailable database must not use up the attempts of its rows.
      if (swept && isUnavailable(error))
        await intakeRows(db)
          .uncountAttempt(ids)
          .catch(() => undefined);
      throw error;
    }
  };
}

function poisonItem<T>(row: StoredRow<T>, error: unknown): NewQuarantineItem {
  const detail =
    error instanceof Failure
      ? error.message
      : `Processing failed ${MAX_ATTEMPTS} times; the worker log has the error.`;
  return { ...row, reason: 'poison', detail };
}

function attemptsExhausted<T>(row: StoredRow<T>): NewQuarantineItem {
  return poisonItem(row, undefined);
}
