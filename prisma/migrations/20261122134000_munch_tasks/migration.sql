-- AlterTable
ALTER TABLE "organizations" ADD COLUMN     "retention_days" INTEGER;

-- CreateTable
CREATE TABLE "munch_tasks" (
    "id" TEXT COLLATE "C" NOT NULL,
    "task_type" TEXT COLLATE "C" NOT NULL,
    "org_id" INTEGER,
    "range_from" TIMESTAMPTZ(3),
    "range_before" TIMESTAMPTZ(3),
    "priority" SMALLINT NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL DEFAULT 'queued',
    "requested_by" TEXT NOT NULL,
    "estimated_records" BIGINT NOT NULL,
    "position" JSONB NOT NULL,
    "counts" JSONB NOT NULL,
    "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "error" TEXT,
    "lease_holder" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "takeovers" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "munch_tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "recurring_tasks" (
    "name" TEXT COLLATE "C" NOT NULL,
    "every_seconds" INTEGER NOT NULL,
    "next_run_at" TIMESTAMPTZ(3) NOT NULL,
    "last_started_at" TIMESTAMPTZ(3),
    "last_finished_at" TIMESTAMPTZ(3),
    "last_outcome" TEXT,
    "last_detail" TEXT,
    "runs" BIGINT NOT NULL DEFAULT 0,
    "failures" BIGINT NOT NULL DEFAULT 0,
    "lease_holder" UUID,
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "recurring_tasks_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "munch_tasks_org_id_queued_at_id_idx" ON "munch_tasks"("org_id", "queued_at", "id");

-- CreateIndex
CREATE INDEX "munch_tasks_queued_at_id_idx" ON "munch_tasks"("queued_at", "id");

-- From here on: what Prisma cannot say. Above, too: the collations.

-- The few tasks that wait or are in hand, among all that there were.
CREATE INDEX "munch_tasks_open_idx" ON "munch_tasks" ("priority" DESC, "queued_at", "id") WHERE "state" IN ('queued', 'running');

-- Keeps writers out of one month and lets readers in, until the end of the transaction.
CREATE FUNCTION lock_partition(partition regclass) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', partition);
  RETURN true;
END $$;

-- Takes a month away. Its table and the whole are locked for a moment.
CREATE FUNCTION drop_partition(partition regclass) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = partition) THEN RAISE EXCEPTION '% is no partition', partition; END IF;
  EXECUTE format('DROP TABLE %s', partition);
  RETURN true;
END $$;
