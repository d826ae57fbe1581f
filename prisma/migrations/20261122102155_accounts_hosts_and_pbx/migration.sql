-- AlterTable
ALTER TABLE "organizations" ADD COLUMN     "disabled_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "user_id" INTEGER NOT NULL,
    "refresh_id" UUID NOT NULL,
    "refresh_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "extensions" (
    "id" UUID NOT NULL,
    "org_id" INTEGER NOT NULL,
    "extension_number" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "extension_type" TEXT NOT NULL,
    "config_data" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "extensions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "calls" (
    "id" UUID NOT NULL,
    "org_id" INTEGER NOT NULL,
    "call_id" TEXT,
    "caller_id" TEXT NOT NULL,
    "recipient_id" TEXT NOT NULL,
    "start_time" TIMESTAMPTZ(3) NOT NULL,
    "end_time" TIMESTAMPTZ(3),
    "duration" INTEGER,
    "status" TEXT NOT NULL,
    "recording_path" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "calls_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host_samples" (
    "id" UUID NOT NULL,
    "org_id" INTEGER NOT NULL,
    "host" TEXT NOT NULL,
    "cpu_usage" DOUBLE PRECISION NOT NULL,
    "ram_usage" DOUBLE PRECISION NOT NULL,
    "swap_usage" DOUBLE PRECISION NOT NULL,
    "disk_usage" JSONB NOT NULL,
    "sampled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "host_samples_pkey" PRIMARY KEY ("sampled_at","id")
) PARTITION BY RANGE ("sampled_at");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_refresh_id_key" ON "sessions"("refresh_id");

-- CreateIndex
CREATE INDEX "sessions_user_id_idx" ON "sessions"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "extensions_org_id_extension_number_key" ON "extensions"("org_id", "extension_number");

-- CreateIndex
CREATE INDEX "calls_org_id_start_time_id_idx" ON "calls"("org_id", "start_time", "id");

-- CreateIndex
CREATE UNIQUE INDEX "calls_org_id_call_id_key" ON "calls"("org_id", "call_id");

-- CreateIndex
CREATE INDEX "host_samples_org_id_sampled_at_id_idx" ON "host_samples"("org_id", "sampled_at", "id");

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- From here on: what Prisma cannot say.

CREATE TABLE "host_samples_default" PARTITION OF "host_samples" DEFAULT;

-- The few calls that go on, among all that there were.
CREATE INDEX "calls_active_idx" ON "calls" ("org_id", "start_time", "id") WHERE "status" = 'active';
