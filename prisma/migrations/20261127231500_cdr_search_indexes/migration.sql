-- CreateIndex
CREATE INDEX "cdrs_batch_id_start_time_org_id_idx" ON "cdrs"("batch_id", "start_time", "org_id");

-- From here on: what Prisma cannot express.

-- Searches of an organization and of an admin read these in the order of the page. text_pattern_ops serves
-- prefixes too. A raw number that equals the normalized one is found by that.
CREATE INDEX "cdrs_caller_idx" ON "cdrs" ("caller" text_pattern_ops, "start_time", "org_id") WHERE "caller" IS NOT NULL;
CREATE INDEX "cdrs_callee_idx" ON "cdrs" ("callee" text_pattern_ops, "start_time", "org_id") WHERE "callee" IS NOT NULL;
CREATE INDEX "cdrs_caller_raw_idx" ON "cdrs" ("caller_raw" text_pattern_ops, "start_time", "org_id") WHERE "caller_raw" IS DISTINCT FROM "caller";
CREATE INDEX "cdrs_callee_raw_idx" ON "cdrs" ("callee_raw" text_pattern_ops, "start_time", "org_id") WHERE "callee_raw" IS DISTINCT FROM "callee";
CREATE INDEX "cdrs_trunk_idx" ON "cdrs" ("trunk_id", "start_time", "org_id") WHERE "trunk_id" IS NOT NULL;

-- What most calls have needs no index: a page of it is found by time.
CREATE INDEX "cdrs_hangup_cause_idx" ON "cdrs" ("hangup_cause", "start_time", "org_id") WHERE "hangup_cause" <> 'NORMAL_CLEARING';
CREATE INDEX "cdrs_long_idx" ON "cdrs" ("start_time", "org_id") WHERE "duration" >= 3600;
