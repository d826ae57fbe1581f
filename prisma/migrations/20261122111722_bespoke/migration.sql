-- CreateTable
CREATE TABLE "bespoke_settings" (
    "org_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "queue_id" TEXT NOT NULL DEFAULT '',
    "data" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bespoke_settings_pkey" PRIMARY KEY ("org_id","kind","queue_id")
);
