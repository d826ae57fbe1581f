-- CreateTable
CREATE TABLE "webhooks" (
    "id" UUID NOT NULL,
    "org_id" INTEGER NOT NULL,
    "url" TEXT NOT NULL,
    "event_types" TEXT[],
    "description" TEXT,
    "secret" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "disabled_reason" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(3),
    "last_success_at" TIMESTAMPTZ(3),
    "last_failure_at" TIMESTAMPTZ(3),
    "slow" BOOLEAN NOT NULL DEFAULT false,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "claimed_until" TIMESTAMPTZ(3),
    "claimed_by" UUID,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deliveries" (
    "id" UUID NOT NULL,
    "org_id" INTEGER NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    "type" TEXT COLLATE "C" NOT NULL,
    "position" UUID NOT NULL,
    "channel" TEXT COLLATE "C" NOT NULL,
    "receiver" TEXT COLLATE "C" NOT NULL,
    "rule_id" TEXT COLLATE "C" NOT NULL DEFAULT '',
    "message" JSON NOT NULL,
    "happened_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery_attempts" (
    "id" UUID NOT NULL,
    "delivery_id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "status" INTEGER,
    "error" TEXT COLLATE "C",
    "detail" TEXT,
    "response" TEXT,

    CONSTRAINT "delivery_attempts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhooks_org_id_id_idx" ON "webhooks"("org_id", "id");

-- CreateIndex
CREATE INDEX "deliveries_receiver_position_id_idx" ON "deliveries"("receiver", "position", "id");

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_org_id_event_id_channel_receiver_rule_id_key" ON "deliveries"("org_id", "event_id", "channel", "receiver", "rule_id");

-- CreateIndex
CREATE INDEX "delivery_attempts_delivery_id_id_idx" ON "delivery_attempts"("delivery_id", "id");

-- AddForeignKey
ALTER TABLE "delivery_attempts" ADD CONSTRAINT "delivery_attempts_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "deliveries"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- From here on: what Prisma cannot say. Above, too: the collations.

-- The few that wait, among all that there were: of webhooks in the order in which they are told, of emails as they are due.
CREATE INDEX "deliveries_waiting_webhooks_idx" ON "deliveries" ("receiver", "position", "id") WHERE "state" = 'pending' AND "channel" = 'webhook';
CREATE INDEX "deliveries_waiting_emails_idx" ON "deliveries" ("due_at") WHERE "state" = 'pending' AND "channel" = 'email';

-- What is old enough to be forgotten.
CREATE INDEX "deliveries_finished_idx" ON "deliveries" ("finished_at") WHERE "finished_at" IS NOT NULL;
