import { addOrganizations, createTestDatabase } from '@oriontel/database/testing';
import { createTestApi, TEST_ORG_IDS } from '@oriontel/service/testing';
import { deliveries } from './deliveries/delivery.repository.ts';
import { notificationsRoutes } from './http.ts';
import type { NotifiableEvent } from './notifiable-event.ts';
import { buildEvent } from './testing/test-data.ts';
import { startTestDeliveryWorker } from './testing/delivery-worker.ts';
import { createWebhookDeliveries } from './webhooks/create-webhook-deliveries.ts';

export { FAST_SCHEDULE, startTestDeliveryWorker } from './testing/delivery-worker.ts';
export { startMailServer, type MailServer } from './testing/mail-server.ts';
export { hang, startReceiver, type Receiver } from './testing/webhook-receiver.ts';

const STOP_TIMEOUT_MS = 2_000;

/** The notification routes and a delivery worker on a database of their own. */
export async function createTestNotifications() {
  const store = await createTestDatabase();
  const { db } = store;
  await addOrganizations(db, Object.values(TEST_ORG_IDS));
  const api = await createTestApi((app) =>
    app.register(notificationsRoutes, {
      db,
      organizationExists: async (orgId) => [1, ...Object.values(TEST_ORG_IDS)].includes(orgId),
    }),
  );
  let worker = startTestDeliveryWorker(db);

  /** Stores the webhook deliveries of a new event of `ours`. Returns its id and their number. */
  async function publish(overrides: Partial<NotifiableEvent> = {}): Promise<{ id: string; count: number }> {
    const event = buildEvent({ orgId: TEST_ORG_IDS.ours, ...overrides });
    await db.$transaction((tx) => createWebhookDeliveries(tx, [event]));
    return { id: event.id, count: await deliveries(db).countForEvent(event.orgId, event.id) };
  }

  async function restartWorker(options: { allowPrivate?: boolean } = {}): Promise<void> {
    await worker.stop(STOP_TIMEOUT_MS);
    worker = startTestDeliveryWorker(db, options);
  }

  async function close(): Promise<void> {
    await worker.stop(STOP_TIMEOUT_MS);
    await api.app.close();
    await store.drop();
  }

  return { ...api, db, publish, restartWorker, close };
}
export type TestNotifications = Awaited<ReturnType<typeof createTestNotifications>>;
