-- AlterTable
ALTER TABLE "cdr_submissions" ADD COLUMN     "remote_reference" TEXT;

-- CreateTable
CREATE TABLE "cdr_forwardings" (
    "submission_id" UUID NOT NULL,
    "org_id" INTEGER NOT NULL,
    "batch_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "sgapi_reference" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "legs" UUID[],
    "records" INTEGER NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "claim" UUID,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "first_tried_at" TIMESTAMPTZ(3),
    "reason" TEXT,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "cdr_forwardings_pkey" PRIMARY KEY ("submission_id")
);

-- CreateTable
CREATE TABLE "forward_circuit" (
    "id" INTEGER NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "opens" INTEGER NOT NULL DEFAULT 0,
    "since" TIMESTAMPTZ(3),
    "open_until" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "forward_circuit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "cdr_forwardings_state_org_id_accepted_at_submission_id_idx" ON "cdr_forwardings"("state", "org_id", "accepted_at", "submission_id");

-- From here on: what Prisma cannot say. Above, too: the collation.

-- The few that are on their way, among all that arrived.
CREATE INDEX "cdr_forwardings_due_idx" ON "cdr_forwardings" ("due_at") WHERE "state" = 'pending';

-- What arrived is forgotten after some days.
CREATE INDEX "cdr_forwardings_done_idx" ON "cdr_forwardings" ("finished_at") WHERE "state" = 'done';

-- Ids do not compress: trying to costs more than it saves. A row changes three times in its life.
ALTER TABLE "cdr_forwardings" ALTER COLUMN "legs" SET STORAGE EXTERNAL;
ALTER TABLE "cdr_forwardings" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0.05);

-- The one row there is.
INSERT INTO "forward_circuit" ("id") VALUES (1);
