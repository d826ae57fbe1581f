-- CreateTable
CREATE TABLE "notification_hours" (
    "org_id" INTEGER NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "sent" INTEGER NOT NULL,

    CONSTRAINT "notification_hours_pkey" PRIMARY KEY ("org_id")
);
