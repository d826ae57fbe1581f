import { Failure } from '@oriontel/contracts';
import { isBadData, isUnavailable, type Database, type Queryable } from '@oriontel/database';
import type { IntakeDefinition, Pointers } from './define-intake.ts';
import { intakeRows, type IntakeRow, type NewQuarantineItem } from './intake.repository.ts';
import { quarantine } from './quarantine.repository.ts';

/**
 * Writes the final rows of all `rows` inside the transaction and returns what must be quarantined instead.
 * May run twice for a row (the first time without effect) and may not keep anything in memory that assumes a commit.
 */
export type StoreRows<T> = (tx: Queryable, rows: IntakeRow<T>[]) => Promise<NewQuarantineItem[]>;

export interface DrainResult {
  rows: number;
  quarantined: number;
  requestIds: string[];
}

export interface DrainOptions {
  onDrained: (drained: DrainResult) => void;
  /** A row that fails by itself, and the try it was; it is quarantined at MAX_TRIES. */
  onPoison: (error: unknown, row: { id: string; tries: number }) => void;
}

/** A row whose handler failed for no known reason this often is quarantined. */
export const MAX_ATTEMPTS = 5;

export type Drain = (pointers: Pointers) => Promise<void>;

/**
 * Step 4 and 5 of the road: the final rows and the end of the intake rows in one transaction; what cannot be stored
 * goes to quarantine and holds up nobody. Rejects where the same may succeed later.
 */
export function createDrain<T>(
  db: Database,
  kind: IntakeDefinition<T>,
  store: StoreRows<T>,
  options: DrainOptions,
): Drain {
  const queue = kind.queue.name;

  async function drainTogether(ids: string[]): Promise<void> {
    const drained = await db.$transaction(async (tx) => {
      const rows = await intakeRows(tx).dequeue<T>(ids);
      const bad = rows.filter(({ attempts }) => attempts > MAX_ATTEMPTS).map(attemptsExhausted);
      const good = rows.filter(({ attempts }) => attempts <= MAX_ATTEMPTS);
      const refused = good.length ? await store(tx, good) : [];
      await quarantine(tx).insert(queue, [...bad, ...refused]);
      return {
        rows: rows.length,
        quarantined: bad.length + refused.length,
        requestIds: rows.map((row) => row.requestId),
      };
    });
    if (drained.rows) options.onDrained(drained);
  }

  /**
   * The error belongs to this row alone: quarantine it if it can never succeed, else count the try and reject.
   * `counted`: the try was counted before it began.
   */
  async function judge(id: string, error: unknown, counted: boolean): Promise<void> {
    const hopeless = isBadData(error) || (error instanceof Failure && !error.isRetryable);
    const tries = await db.$transaction(async (tx) => {
      const [row] = await intakeRows(tx).claim<T>([id]);
      if (!row) return 0;
      const begun = counted ? row.attempts : row.attempts + 1;
      if (hopeless || begun >= MAX_ATTEMPTS) {
        await quarantine(tx).insert(queue, [poisonItem(row, error)]);
        await intakeRows(tx).remove([id]);
      } else if (!counted) {
        await intakeRows(tx).countAttempt([id]);
      }
      return begun;
    });
    options.onPoison(error, { id, tries });
    if (!hopeless && tries > 0 && tries < MAX_ATTEMPTS) throw error;
  }

  /** One by one, so that each fares as it deserves; not on and on against a database that is away. */
  async function drainEach(ids: string[], counted: boolean): Promise<void> {
    const failures: unknown[] = [];
    for (const id of ids) {
      try {
        await drainTogether([id]).catch((error: unknown) => {
          if (isUnavailable(error)) throw error;
          return judge(id, error, counted);
        });
      } catch (error) {
        if (isUnavailable(error)) throw error;
        failures.push(error);
      }
    }
    if (failures.length) throw failures[0];
  }

  return async function drain({ ids, swept }) {
    if (swept) await intakeRows(db).countAttempt(ids);
    try {
      await drainTogether(ids).catch((error: unknown) => {
        if (isUnavailable(error)) throw error;
        return drainEach(ids, swept);
      });
    } catch (error) {
      // The database's trouble is no fault of the rows': they must not end in quarantine for it.
      if (swept && isUnavailable(error))
        await intakeRows(db)
          .uncountAttempt(ids)
          .catch(() => undefined);
      throw error;
    }
  };
}

function poisonItem<T>(row: IntakeRow<T>, error: unknown): NewQuarantineItem {
  return {
    ...row,
    reason: 'poison',
    detail:
      error instanceof Failure
        ? error.message
        : 'It could not be processed: its worker failed at it each time.',
  };
}

const attemptsExhausted = <T>(row: IntakeRow<T>): NewQuarantineItem => poisonItem(row, undefined);
