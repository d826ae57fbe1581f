import { Prisma, type Queryable } from '@oriontel/database';

/** Whether the remote Service Gateway is being asked, as all senders see it. */
export type Circuit =
  /** `failures`: in a row, too few to open it. */
  | { state: 'closed'; failures: number }
  /** half-open: its time is over and the next batch tells. */
  | { state: 'open' | 'half-open'; since: Date; until: Date; reason: string };

/** A try that the receiver did not answer as it should. */
export interface CircuitFailure {
  reason: string;
  /** Failures in a row that open the circuit. */
  failureThreshold: number;
  /** Seconds it stays open the first time, twice that the next … */
  firstOpenSeconds: number;
  /** … and at most. */
  maxOpenSeconds: number;
  /** Seconds that the receiver asked for. */
  minOpenSeconds: number;
}

interface CircuitRow {
  failures: number;
  since: Date;
  until: Date | null;
  over: boolean;
  reason: string;
}

/** The only file that speaks to forward_circuit. The database's clock decides, since several senders ask. */
export function circuit(db: Queryable) {
  return {
    async read(): Promise<Circuit> {
      const [row] = await db.$queryRaw<CircuitRow[]>`
      SELECT failures, since, open_until AS until, open_until <= now() AS over, reason FROM forward_circuit`;
      if (!row?.until) return { state: 'closed', failures: row?.failures ?? 0 };
      const { since, until, reason } = row;
      return { state: row.over ? 'half-open' : 'open', since, until, reason };
    },

    /** Whether the caller is the one whose try tells; if so nobody else is for `lease` seconds. */
    async claimProbe(lease: number): Promise<boolean> {
      return (
        (await db.$executeRaw`
      UPDATE forward_circuit SET open_until = now() + make_interval(secs => ${lease}::float8) WHERE open_until <= now()`) >
        0
      );
    },

    /** There was nothing to try. */
    async releaseProbe(): Promise<void> {
      await db.$executeRaw`UPDATE forward_circuit SET open_until = now() WHERE open_until IS NOT NULL`;
    },

    /** An answer, whichever: closes it. */
    async recordResponse(): Promise<void> {
      await db.$executeRaw`
      UPDATE forward_circuit SET failures = 0, opens = 0, since = NULL, open_until = NULL, reason = NULL
      WHERE failures > 0 OR open_until IS NOT NULL`;
    },

    /** What was under way when it opened says nothing new: only the probe prolongs. */
    async recordFailure(
      isProbe: boolean,
      { reason, failureThreshold, firstOpenSeconds, maxOpenSeconds, minOpenSeconds }: CircuitFailure,
    ): Promise<void> {
      const opens = Prisma.sql`(${isProbe}::boolean OR (open_until IS NULL AND failures + 1 >= ${failureThreshold}::int))`;
      await db.$executeRaw`
      UPDATE forward_circuit SET failures = failures + 1, reason = ${reason},
        since = CASE WHEN ${opens} THEN COALESCE(since, now()) ELSE since END,
        opens = CASE WHEN ${opens} THEN opens + 1 ELSE opens END,
        open_until = CASE WHEN ${opens} THEN now() + make_interval(secs => GREATEST(${minOpenSeconds}::float8,
          LEAST(${maxOpenSeconds}::float8, ${firstOpenSeconds}::float8 * power(2, LEAST(opens, 20))))) ELSE open_until END`;
    },
  };
}
