-- CreateTable
CREATE TABLE "gateways" (
    "org_id" INTEGER NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "key" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "port" INTEGER,
    "transport" TEXT NOT NULL,
    "interval_seconds" INTEGER NOT NULL,
    "timeout_ms" INTEGER NOT NULL,
    "ok_codes" INTEGER[],
    "failures_to_down" INTEGER NOT NULL,
    "successes_to_up" INTEGER NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gateways_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "gateway_states" (
    "org_id" INTEGER NOT NULL,
    "gateway_key" UUID NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'unknown',
    "since" TIMESTAMPTZ(3),
    "last_check" TIMESTAMPTZ(3),
    "latency_ms" REAL,
    "loss_percent" REAL,
    "jitter_ms" REAL,
    "sip_code" SMALLINT,
    "error" TEXT,
    "last_id" UUID,
    "consecutive_successes" INTEGER NOT NULL DEFAULT 0,
    "consecutive_failures" INTEGER NOT NULL DEFAULT 0,
    "consecutive_ups" INTEGER NOT NULL DEFAULT 0,
    "consecutive_troubles" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "gateway_states_pkey" PRIMARY KEY ("org_id","gateway_key")
);

-- CreateTable
CREATE TABLE "gateway_results" (
    "org_id" INTEGER NOT NULL,
    "gateway_key" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "id" UUID NOT NULL,
    "status" SMALLINT NOT NULL,
    "latency_ms" REAL,
    "loss_percent" REAL,
    "jitter_ms" REAL,
    "sip_code" SMALLINT,
    "error" TEXT,
    "source" TEXT
) PARTITION BY RANGE ("at");

-- CreateIndex
CREATE INDEX "gateways_id_org_id_idx" ON "gateways"("id", "org_id");

-- CreateIndex
CREATE INDEX "gateways_name_org_id_idx" ON "gateways"("name", "org_id");

-- CreateIndex
CREATE INDEX "gateways_updated_at_idx" ON "gateways"("updated_at");

-- CreateIndex
CREATE UNIQUE INDEX "gateway_results_key" ON "gateway_results"("org_id", "gateway_key", "at", "id") INCLUDE ("status", "latency_ms");

-- From here on: what Prisma cannot say. Above, too: the partitioning, the collations, and what an index only includes.

CREATE TABLE "gateway_results_default" PARTITION OF "gateway_results" DEFAULT;

-- Each row is written once for each result: room for the next version of it on its own page.
ALTER TABLE "gateway_states" SET (fillfactor = 50);
