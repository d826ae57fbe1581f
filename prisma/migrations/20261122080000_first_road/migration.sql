-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "entities" (
    "org_id" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "entities_pkey" PRIMARY KEY ("org_id","type","id")
);

-- CreateTable
CREATE TABLE "cdrs" (
    "id" UUID NOT NULL,
    "org_id" INTEGER NOT NULL,
    "call_id" TEXT NOT NULL,
    "leg" TEXT NOT NULL,
    "linked_call_id" TEXT,
    "direction" TEXT,
    "caller" TEXT,
    "callee" TEXT,
    "caller_raw" TEXT,
    "callee_raw" TEXT,
    "start_time" TIMESTAMPTZ(3) NOT NULL,
    "answer_time" TIMESTAMPTZ(3),
    "end_time" TIMESTAMPTZ(3),
    "duration" INTEGER NOT NULL,
    "billsec" INTEGER NOT NULL,
    "disposition" TEXT NOT NULL,
    "hangup_cause" TEXT,
    "q850" SMALLINT,
    "sip_status" SMALLINT,
    "trunk_id" TEXT,
    "source" TEXT NOT NULL,
    "batch_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "raw" JSON NOT NULL,
    "stored_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cdrs_pkey" PRIMARY KEY ("start_time","id")
) PARTITION BY RANGE ("start_time");

-- CreateTable
CREATE TABLE "cdr_submissions" (
    "id" UUID NOT NULL,
    "org_id" INTEGER NOT NULL,
    "batch_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "sgapi_reference" TEXT NOT NULL,
    "received" INTEGER NOT NULL,
    "stored" INTEGER NOT NULL,
    "duplicates" INTEGER NOT NULL,
    "conflicts" INTEGER NOT NULL,
    "quarantined" INTEGER NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,
    "stored_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cdr_submissions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cdr_batches" (
    "org_id" INTEGER NOT NULL,
    "batch_id" TEXT NOT NULL,
    "received" BIGINT NOT NULL,
    "stored" BIGINT NOT NULL,
    "duplicates" BIGINT NOT NULL,
    "conflicts" BIGINT NOT NULL,
    "quarantined" BIGINT NOT NULL,

    CONSTRAINT "cdr_batches_pkey" PRIMARY KEY ("org_id","batch_id")
);

-- CreateTable
CREATE TABLE "organizations" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "region" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organizations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" SERIAL NOT NULL,
    "username" TEXT NOT NULL,
    "username_key" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_key" TEXT NOT NULL,
    "password_hash" TEXT,
    "name" TEXT,
    "role" TEXT NOT NULL,
    "org_id" INTEGER,
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "org_id" INTEGER NOT NULL,
    "scopes" TEXT[],
    "secret_hash" BYTEA NOT NULL,
    "created_by" INTEGER,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "intake" (
    "id" UUID NOT NULL,
    "queue" TEXT NOT NULL,
    "org_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "payload" JSON NOT NULL,
    "request_id" TEXT NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "sweeps" SMALLINT NOT NULL DEFAULT 0,
    "attempts" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "intake_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quarantine" (
    "id" UUID NOT NULL,
    "queue" TEXT NOT NULL,
    "org_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "payload" JSON NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,
    "quarantined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "quarantine_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "cdrs_org_id_start_time_id_idx" ON "cdrs"("org_id", "start_time", "id");

-- CreateIndex
CREATE UNIQUE INDEX "cdrs_leg_key" ON "cdrs"("org_id", "call_id", "source", "start_time");

-- CreateIndex
CREATE INDEX "cdr_submissions_org_id_batch_id_id_idx" ON "cdr_submissions"("org_id", "batch_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "users_username_key_key" ON "users"("username_key");

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key_key" ON "users"("email_key");

-- CreateIndex
CREATE INDEX "users_org_id_idx" ON "users"("org_id");

-- CreateIndex
CREATE INDEX "api_keys_org_id_idx" ON "api_keys"("org_id");

-- CreateIndex
CREATE INDEX "intake_due_at_idx" ON "intake"("due_at");

-- CreateIndex
CREATE INDEX "intake_queue_org_id_key_idx" ON "intake"("queue", "org_id", "key");

-- CreateIndex
CREATE INDEX "quarantine_org_id_queue_id_idx" ON "quarantine"("org_id", "queue", "id");

-- CreateIndex
CREATE UNIQUE INDEX "quarantine_org_id_queue_fingerprint_key" ON "quarantine"("org_id", "queue", "fingerprint");

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_created_by_fkey" FOREIGN KEY ("created_by") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- From here on: what Prisma cannot say.

-- Whatever no month holds. make_month_partitions() moves its rows when their month is made.
CREATE TABLE "cdrs_default" PARTITION OF "cdrs" DEFAULT;

-- Finds the leg that names another one, when that one comes after it. Legs that name none cost it nothing.
CREATE INDEX "cdrs_linked_idx" ON "cdrs" ("org_id", "linked_call_id") WHERE "linked_call_id" IS NOT NULL;

-- An intake row lives for milliseconds: compressing it would cost more than it saves.
ALTER TABLE "intake" ALTER COLUMN "payload" SET STORAGE EXTERNAL;
ALTER TABLE "intake" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);

-- Makes the partition of one table for one month (UTC), and moves into it what the default partition caught.
-- The lock on the default partition comes first, so that no row slips in between moving and attaching.
CREATE FUNCTION make_month_partition(parent regclass, month timestamptz) RETURNS boolean LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
  lower_bound timestamptz := date_trunc('month', month, 'UTC');
  upper_bound timestamptz := date_trunc('month', lower_bound + interval '32 days', 'UTC');
  name text := parent::text || '_' || to_char(lower_bound AT TIME ZONE 'UTC', 'YYYY_MM');
  fallback text := parent::text || '_default';
  key_column text;
BEGIN
  IF to_regclass(name) IS NOT NULL THEN RETURN false; END IF;
  SELECT attname INTO STRICT key_column
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', fallback);
  EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING ALL)', name, parent);
  EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
    fallback, key_column, lower_bound, key_column, upper_bound, name);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name, lower_bound, upper_bound);
  RETURN true;
END $$;

-- Makes last month's partition, this month's and the next ones of every partitioned table. Returns how many it made.
CREATE FUNCTION make_month_partitions(months_ahead int) RETURNS int LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
  parent regclass;
  made int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('make_month_partitions'));
  FOR parent IN
    SELECT p.partrelid FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND p.partstrat = 'r' ORDER BY c.relname
  LOOP
    FOR i IN -1..months_ahead LOOP
      IF make_month_partition(parent, date_trunc('month', now(), 'UTC') + make_interval(months => i)) THEN made := made + 1; END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

-- Organisation 1 always exists.
INSERT INTO "organizations" ("name") VALUES ('Default');
