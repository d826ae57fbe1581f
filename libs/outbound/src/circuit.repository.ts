import { Prisma, type Queryable } from '@oriontel/database';

/** The state of a circuit breaker, shared by all processes. */
export type Circuit =
  /** `failures`: in a row, too few to open the circuit. */
  | { state: 'closed'; failures: number }
  /** half-open: the open time is over, and the next request is the probe. */
  | { state: 'open' | 'half-open'; since: Date; until: Date; reason: string };

/** A failed request, and how it affects the circuit. */
export interface CircuitFailure {
  reason: string;
  /** Failures in a row that open the circuit. */
  failureThreshold: number;
  /** Open time after the first opening; it doubles with each further one. */
  firstOpenSeconds: number;
  maxOpenSeconds: number;
  /** Open time that the receiver asked for. */
  minOpenSeconds: number;
}

interface CircuitRow {
  failures: number;
  since: Date;
  until: Date | null;
  isOver: boolean;
  reason: string;
}

/**
 * The circuit breaker with this id. Times are those of the database, since several processes share a circuit.
 */
export function circuit(db: Queryable, id: number) {
  return {
    async read(): Promise<Circuit> {
      const [row] = await db.$queryRaw<CircuitRow[]>`
        SELECT failures, since, open_until AS until, open_until <= now() AS "isOver", reason
        FROM forward_circuit
        WHERE id = ${id}::int`;
      if (!row?.until) return { state: 'closed', failures: row?.failures ?? 0 };
      const { since, until, reason } = row;
      return { state: row.isOver ? 'half-open' : 'open', since, until, reason };
    },

    /** Whether the caller sends the probe; if so no other caller does for `leaseSeconds`. */
    async claimProbe(leaseSeconds: number): Promise<boolean> {
      const claimed = await db.$executeRaw`
        UPDATE forward_circuit
        SET open_until = now() + make_interval(secs => ${leaseSeconds}::float8)
        WHERE id = ${id}::int
          AND open_until <= now()`;
      return claimed > 0;
    },

    /** Gives the probe back unsent. */
    async releaseProbe(): Promise<void> {
      await db.$executeRaw`
        UPDATE forward_circuit
        SET open_until = now()
        WHERE id = ${id}::int
          AND open_until IS NOT NULL`;
    },

    /** Closes the circuit: the receiver responded. */
    async recordResponse(): Promise<void> {
      await db.$executeRaw`
        UPDATE forward_circuit
        SET failures = 0, opens = 0, since = NULL, open_until = NULL, reason = NULL
        WHERE id = ${id}::int
          AND (failures > 0 OR open_until IS NOT NULL)`;
    },

    /**
     * Counts a failure, and opens the circuit if needed. While it is open only a failed probe prolongs it.
     */
    async recordFailure(
      isProbe: boolean,
      { reason, failureThreshold, firstOpenSeconds, maxOpenSeconds, minOpenSeconds }: CircuitFailure,
    ): Promise<void> {
      const opens = Prisma.sql`(
        ${isProbe}::boolean OR (open_until IS NULL AND failures + 1 >= ${failureThreshold}::int))`;
      await db.$executeRaw`
        UPDATE forward_circuit
        SET failures = failures + 1,
          reason = ${reason},
          since = CASE WHEN ${opens} THEN COALESCE(since, now()) ELSE since END,
          opens = CASE WHEN ${opens} THEN opens + 1 ELSE opens END,
          open_until = CASE WHEN ${opens} THEN now() + make_interval(secs => GREATEST(
            ${minOpenSeconds}::float8,
            LEAST(${maxOpenSeconds}::float8, ${firstOpenSeconds}::float8 * power(2, LEAST(opens, 20)))
          )) ELSE open_until END
        WHERE id = ${id}::int`;
    },
  };
}
