import { Prisma, type Queryable } from '@oriontel/database';

/** Numbers of records by outcome; `received` is the sum of the others. */
export interface SubmissionCounts {
  received: number;
  stored: number;
  duplicates: number;
  conflicts: number;
  quarantined: number;
}

/** The CDRs of one request, after they were stored. */
export interface Submission extends SubmissionCounts {
  id: string;
  orgId: number;
  batchId: string;
  source: string;
  sgapiReference: string;
  acceptedAt: Date;
  storedAt: Date;
  /** Returned by the remote Service Gateway; null if it returned none. */
  remoteReference: string | null;
}

type NewSubmission = Omit<Submission, 'storedAt' | 'remoteReference'>;

const COLUMNS = Prisma.sql`
  id,
  org_id AS "orgId",
  batch_id AS "batchId",
  source,
  sgapi_reference AS "sgapiReference",
  received,
  stored,
  duplicates,
  conflicts,
  quarantined,
  accepted_at AS "acceptedAt",
  stored_at AS "storedAt",
  remote_reference AS "remoteReference"`;

/** Stored submissions and the sums of their batches: tables cdr_submissions and cdr_batches. */
export function submissions(db: Queryable) {
  return {
    /**
     * Inserts submissions and adds them to the sums of their batches. Call it last in a transaction: it locks
     * the rows of the batches, in a fixed order, until the end.
     */
    async insert(rows: NewSubmission[]): Promise<void> {
      await db.$executeRaw`
        WITH submitted AS MATERIALIZED (
          SELECT *
          FROM json_to_recordset(${JSON.stringify(rows)}::json) AS row(
            id uuid, "orgId" int, "batchId" text, source text, "sgapiReference" text, received int,
            stored int, duplicates int, conflicts int, quarantined int, "acceptedAt" timestamptz
          )
        ),
        inserted AS (
          INSERT INTO cdr_submissions (
            id, org_id, batch_id, source, sgapi_reference, received, stored,
            duplicates, conflicts, quarantined, accepted_at
          )
          SELECT *
          FROM submitted
        )
        INSERT INTO cdr_batches AS batch (
          org_id, batch_id, received, stored, duplicates, conflicts, quarantined
        )
        SELECT
          "orgId", "batchId", sum(received), sum(stored), sum(duplicates), sum(conflicts), sum(quarantined)
        FROM submitted
        GROUP BY 1, 2
        ORDER BY 1, 2
        ON CONFLICT (org_id, batch_id) DO UPDATE SET
          received = batch.received + EXCLUDED.received,
          stored = batch.stored + EXCLUDED.stored,
          duplicates = batch.duplicates + EXCLUDED.duplicates,
          conflicts = batch.conflicts + EXCLUDED.conflicts,
          quarantined = batch.quarantined + EXCLUDED.quarantined`;
    },

    async find(orgId: number, id: string): Promise<Submission | null> {
      const [row] = await db.$queryRaw<Submission[]>`
        SELECT ${COLUMNS}
        FROM cdr_submissions
        WHERE org_id = ${orgId}::int
          AND id = ${id}::uuid`;
      return row ?? null;
    },

    /** The sums over all stored submissions of a batch; null if there are none. */
    async batchTotals(orgId: number, batchId: string): Promise<SubmissionCounts | null> {
      const [row] = await db.$queryRaw<Record<keyof SubmissionCounts, bigint>[]>`
        SELECT received, stored, duplicates, conflicts, quarantined
        FROM cdr_batches
        WHERE org_id = ${orgId}::int
          AND batch_id = ${batchId}`;
      if (!row) return null;
      const { received, stored, duplicates, conflicts, quarantined } = row;
      return {
        received: Number(received),
        stored: Number(stored),
        duplicates: Number(duplicates),
        conflicts: Number(conflicts),
        quarantined: Number(quarantined),
      };
    },

    async saveRemoteReference(orgId: number, id: string, reference: string): Promise<void> {
      await db.$executeRaw`
        UPDATE cdr_submissions
        SET remote_reference = ${reference}
        WHERE org_id = ${orgId}::int
          AND id = ${id}::uuid`;
    },

    /** The counts of those of `ids` that are stored. */
    countsOf(ids: string[]): Promise<(SubmissionCounts & { id: string })[]> {
      return db.$queryRaw`
        SELECT id, received, stored, duplicates, conflicts, quarantined
        FROM cdr_submissions
        WHERE id = ANY(${ids}::uuid[])`;
    },

    /** Newest first. */
    findLatest(orgId: number, batchId: string, limit: number): Promise<Submission[]> {
      return db.$queryRaw`
        SELECT ${COLUMNS}
        FROM cdr_submissions
        WHERE org_id = ${orgId}::int
          AND batch_id = ${batchId}
        ORDER BY id DESC
        LIMIT ${limit}::int`;
    },
  };
}
