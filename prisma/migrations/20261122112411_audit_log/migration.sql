-- One index for every filter and any of them together takes numbers, texts and addresses beside words.
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- CreateTable
CREATE TABLE "audit_events" (
    "id" TEXT COLLATE "C" NOT NULL,
    "org_id" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "event_type" TEXT COLLATE "C" NOT NULL,
    "severity" SMALLINT NOT NULL,
    "actor_type" TEXT NOT NULL,
    "actor_id" INTEGER,
    "resource_type" TEXT,
    "resource_id" TEXT,
    "description" TEXT NOT NULL,
    "words" TEXT[],
    "metadata" JSON,
    "ip_address" INET,
    "user_agent" TEXT,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("created_at","id")
) PARTITION BY RANGE ("created_at");

-- CreateIndex
CREATE INDEX "audit_events_org_id_created_at_id_idx" ON "audit_events"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_org_id_severity_created_at_id_idx" ON "audit_events"("org_id", "severity", "created_at", "id");

-- CreateIndex
CREATE INDEX "audit_events_org_id_event_type_created_at_id_severity_idx" ON "audit_events"("org_id", "event_type", "created_at", "id", "severity");

-- From here on: what Prisma cannot say. Above, too: the partitioning and the collations.

CREATE TABLE "audit_events_default" PARTITION OF "audit_events" DEFAULT;

-- By time, and counted without a look at the table: what somebody did, what happened to something, what came from somewhere.
CREATE INDEX "audit_events_actor_idx" ON "audit_events" ("org_id", "actor_id", "created_at", "id") WHERE "actor_id" IS NOT NULL;
CREATE INDEX "audit_events_resource_idx" ON "audit_events" ("org_id", "resource_id", "created_at", "id", "resource_type") WHERE "resource_id" IS NOT NULL;
CREATE INDEX "audit_events_ip_address_idx" ON "audit_events" ("org_id", "ip_address", "created_at", "id") WHERE "ip_address" IS NOT NULL;

-- What is rare, by any filter and any of them together. Its condition holds for every row: Prisma would drop an index that it
-- cannot say, and looks away from those with a condition. Every search reads through what the index has not sorted in yet, so
-- that is kept small.
CREATE INDEX "audit_events_filters_idx" ON "audit_events"
  USING GIN ("org_id", "words", "event_type", "severity", "actor_type", "actor_id", "resource_type", "resource_id", "ip_address")
  WITH (gin_pending_list_limit = 512) WHERE "org_id" IS NOT NULL;

-- Ids of another make do not tell their time, and are few.
CREATE INDEX "audit_events_other_ids_idx" ON "audit_events" ("id") WHERE length("id") <> 36;
