-- CreateTable
CREATE TABLE "entity_events" (
    "org_id" INTEGER NOT NULL,
    "entity" TEXT COLLATE "C" NOT NULL,
    "happened_at" TIMESTAMPTZ(3) NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "type" TEXT COLLATE "C" NOT NULL,
    "data" JSON NOT NULL,

    CONSTRAINT "entity_events_pkey" PRIMARY KEY ("org_id","entity","happened_at","id")
) PARTITION BY RANGE ("happened_at");

-- CreateIndex
CREATE INDEX "entity_events_org_id_entity_type_happened_at_id_idx" ON "entity_events"("org_id", "entity", "type", "happened_at", "id");

-- From here on: what Prisma cannot say. Above, too: the partitioning and the collations.

CREATE TABLE "entity_events_default" PARTITION OF "entity_events" DEFAULT;
