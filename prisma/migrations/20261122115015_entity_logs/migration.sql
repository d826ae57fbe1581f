-- CreateTable
CREATE TABLE "entity_logs" (
    "org_id" INTEGER NOT NULL,
    "entity" TEXT COLLATE "C" NOT NULL,
    "logged_at" TIMESTAMPTZ(3) NOT NULL,
    "id" UUID NOT NULL,
    "type" TEXT COLLATE "C" NOT NULL,
    "level" TEXT COLLATE "C" NOT NULL,
    "message" TEXT NOT NULL,
    "details" JSON,

    CONSTRAINT "entity_logs_pkey" PRIMARY KEY ("org_id","entity","logged_at","id","type")
) PARTITION BY RANGE ("logged_at");

-- CreateTable
CREATE TABLE "log_imports" (
    "id" TEXT COLLATE "C" NOT NULL,
    "org_id" INTEGER NOT NULL,
    "entity" TEXT COLLATE "C" NOT NULL,
    "source" TEXT,
    "deduplicate" BOOLEAN NOT NULL,
    "received" INTEGER NOT NULL,
    "imported" INTEGER NOT NULL DEFAULT 0,
    "duplicates" INTEGER NOT NULL DEFAULT 0,
    "parts" INTEGER NOT NULL,
    "parts_stored" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_at" TIMESTAMPTZ(3),

    CONSTRAINT "log_imports_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "entities_type_id_idx" ON "entities"("type", "id");

-- From here on: what Prisma cannot say. Above, too: the partitioning and the collations.

CREATE TABLE "entity_logs_default" PARTITION OF "entity_logs" DEFAULT;

-- The few imports that are on their way, among all that there were.
CREATE INDEX "log_imports_unfinished_idx" ON "log_imports" ("org_id", "entity", "id") WHERE "parts_stored" < "parts";
