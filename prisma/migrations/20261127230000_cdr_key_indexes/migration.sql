-- DropIndex
DROP INDEX "cdrs_leg_key";

-- CreateIndex
CREATE INDEX "cdrs_call_id_org_id_start_time_idx" ON "cdrs"("call_id", "org_id", "start_time");

-- From here on: what Prisma cannot express.

-- All three columns of a look-up are in the index: without statistics, PostgreSQL preferred the index of
-- org_id and start_time, which reads the whole partition. call_id leads, so that an admin finds a call too.
-- The id is derived from org_id, call_id, source and start_time: its key keeps them unique.
DROP INDEX "cdrs_linked_idx";
CREATE INDEX "cdrs_linked_idx" ON "cdrs" ("linked_call_id", "org_id", "start_time") WHERE "linked_call_id" IS NOT NULL;
