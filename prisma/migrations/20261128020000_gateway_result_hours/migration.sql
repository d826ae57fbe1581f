-- CreateTable
CREATE TABLE "gateway_result_hours" (
    "org_id" INTEGER NOT NULL,
    "gateway_key" UUID NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "worst_status" SMALLINT NOT NULL,
    "latency_sum_ms" DOUBLE PRECISION NOT NULL,
    "latency_count" INTEGER NOT NULL,
    "results" INTEGER NOT NULL,
    "reachable" INTEGER NOT NULL,

    CONSTRAINT "gateway_result_hours_pkey" PRIMARY KEY ("org_id","gateway_key","hour")
);

-- From here on: what Prisma cannot express.

-- The row of the current hour is updated for each result: room for its next version on its own page.
ALTER TABLE "gateway_result_hours" SET (fillfactor = 70);

-- The results that are stored already.
INSERT INTO "gateway_result_hours"
SELECT
  org_id,
  gateway_key,
  date_trunc('hour', at, 'UTC'),
  max(at),
  max(status),
  COALESCE(sum(latency_ms::float8) FILTER (WHERE status < 2), 0),
  count(latency_ms) FILTER (WHERE status < 2),
  count(*),
  count(*) FILTER (WHERE status < 2)
FROM gateway_results
GROUP BY 1, 2, 3;
