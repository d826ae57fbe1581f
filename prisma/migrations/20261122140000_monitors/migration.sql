-- CreateTable
CREATE TABLE "monitors" (
    "id" UUID NOT NULL,
    "alive_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "monitors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "monitor_shards" (
    "shard" SMALLINT NOT NULL,
    "monitor_id" UUID,
    "leased_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "monitor_shards_pkey" PRIMARY KEY ("shard")
);

-- CreateTable
CREATE TABLE "gateway_probes" (
    "gateway_key" UUID NOT NULL,
    "probed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "gateway_probes_pkey" PRIMARY KEY ("gateway_key")
);

-- From here on: what Prisma cannot say.

-- As many as libs/sip-gateways/src/monitor/shard.ts says.
INSERT INTO "monitor_shards" ("shard", "leased_until") SELECT shard, to_timestamp(0) FROM generate_series(0, 63) AS shard;

-- Written again and again, in place.
ALTER TABLE "gateway_probes" SET (fillfactor = 50);
