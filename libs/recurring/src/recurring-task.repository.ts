import { Prisma, type Queryable } from '@oriontel/database';

/** A recurring task and the outcome of its last run. */
export interface StoredRecurringTask {
  name: string;
  everySeconds: number;
  nextRunAt: Date;
  lastStartedAt: Date | null;
  lastFinishedAt: Date | null;
  lastOutcome: 'done' | 'failed' | null;
  lastDetail: string | null;
  runs: number;
  failures: number;
  isRunning: boolean;
}

/** A worker that does not renew its lease for this long loses its occurrence. */
export const LEASE_SECONDS = 30;

const LEASE_RENEWAL = Prisma.sql`
  lease_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}::float8)`;

export function recurringTasks(db: Queryable) {
  return {
    /** Adds a task, due at once. A shorter interval than before brings the next run forward. */
    async register(name: string, everySeconds: number): Promise<void> {
      await db.$executeRaw`
        INSERT INTO recurring_tasks AS known (name, every_seconds, next_run_at)
        VALUES (${name}, ${everySeconds}::int, now())
        ON CONFLICT (name) DO UPDATE
        SET every_seconds = EXCLUDED.every_seconds,
          next_run_at = LEAST(known.next_run_at, now() + make_interval(secs => EXCLUDED.every_seconds))
        WHERE known.every_seconds <> EXCLUDED.every_seconds`;
    },

    /**
     * Claims an occurrence that has been due for `overdueSeconds` (negative: will be due within that time) or
     * whose lease has expired. Returns false if there is none. The next run is due at a multiple of the
     * interval.
     */
    async claim(name: string, holder: string, overdueSeconds: number): Promise<boolean> {
      const claimed = await db.$executeRaw`
        UPDATE recurring_tasks
        SET lease_holder = ${holder}::uuid,
          ${LEASE_RENEWAL},
          last_started_at = clock_timestamp(),
          runs = runs + 1,
          next_run_at = to_timestamp(
            (floor((extract(epoch FROM clock_timestamp()) + 1) / every_seconds) + 1) * every_seconds
          )
        WHERE name = ${name}
          AND CASE
            WHEN lease_holder IS NULL
              THEN next_run_at <= clock_timestamp() - make_interval(secs => ${overdueSeconds}::float8)
            ELSE lease_until < clock_timestamp()
          END`;
      return claimed > 0;
    },

    async renew(name: string, holder: string): Promise<void> {
      await db.$executeRaw`
        UPDATE recurring_tasks
        SET ${LEASE_RENEWAL}
        WHERE name = ${name}
          AND lease_holder = ${holder}::uuid`;
    },

    async finish(name: string, holder: string, outcome: 'done' | 'failed', detail: string): Promise<void> {
      await db.$executeRaw`
        UPDATE recurring_tasks
        SET lease_holder = NULL,
          lease_until = NULL,
          last_finished_at = clock_timestamp(),
          last_outcome = ${outcome},
          last_detail = ${detail},
          failures = failures + ${outcome === 'failed' ? 1 : 0}::int
        WHERE name = ${name}
          AND lease_holder = ${holder}::uuid`;
    },

    list(): Promise<StoredRecurringTask[]> {
      return db.$queryRaw`
        SELECT name, every_seconds AS "everySeconds", next_run_at AS "nextRunAt",
          last_started_at AS "lastStartedAt", last_finished_at AS "lastFinishedAt",
          last_outcome AS "lastOutcome", last_detail AS "lastDetail",
          runs::float8 AS runs, failures::float8 AS failures,
          (lease_holder IS NOT NULL AND lease_until >= clock_timestamp()) AS "isRunning"
        FROM recurring_tasks
        ORDER BY name`;
    },
  };
}
