import { DEFAULT_ORG_ID, newEventId } from '@oriontel/contracts';
import { createTestDatabase } from '@oriontel/database/testing';
import { createIntake, type Pointers } from '@oriontel/intake';
import { createTestApi, TEST_ORG_IDS, testUserId } from '@oriontel/service/testing';
import type { DatedEvent } from './events/audit-event.ts';
import { eventlogIntake } from './events/eventlog-intake.ts';
import type { NameSources, UserName } from './events/load-names.ts';
import { eventlogRoutes } from './http.ts';
import { createEventlogDrain } from './worker.ts';

/** The organization, user and dialplan of the platform document. */
export const DOCUMENT_ORG_ID = 12_345;
const DOCUMENT_USER = { id: 67_890, name: 'John Smith', email: 'john.smith@example.com' };
const DOCUMENT_DIALPLAN = { type: 'dialplan', id: 'dp-001', name: 'Main Outbound Plan' };

const ORG_IDS = [DEFAULT_ORG_ID, ...Object.values(TEST_ORG_IDS), DOCUMENT_ORG_ID];

function testUser(name: string): UserName {
  return { id: testUserId(name), name, email: `${name}@example.com` };
}

const USERS_BY_ORG_ID = new Map([
  [TEST_ORG_IDS.ours, ['ours-manager', 'ours-user'].map(testUser)],
  [TEST_ORG_IDS.theirs, ['theirs-manager', 'theirs-user'].map(testUser)],
  [DOCUMENT_ORG_ID, [DOCUMENT_USER]],
]);

const testNames: NameSources = {
  async findUserNames(orgId, ids) {
    return (USERS_BY_ORG_ID.get(orgId) ?? []).filter(({ id }) => ids.includes(id));
  },
  async findEntityNames(orgId, refs) {
    const isNamed = refs.some(
      ({ type, id }) => type === DOCUMENT_DIALPLAN.type && id === DOCUMENT_DIALPLAN.id,
    );
    return orgId === DOCUMENT_ORG_ID && isNamed ? [DOCUMENT_DIALPLAN] : [];
  },
};

/**
 * The routes of this feature on their own database. Accepted events stay in the intake until `drainIntake()`.
 */
export async function createTestEventlog() {
  const { db, drop } = await createTestDatabase();
  const jobs: Pointers[] = [];
  const producer = { add: async (job: Pointers) => void jobs.push(job) };
  const intake = createIntake(db, eventlogIntake, producer, { onUndispatched: () => undefined });
  const api = await createTestApi((app) =>
    app.register(eventlogRoutes, {
      db,
      intake,
      organizationExists: async (orgId) => ORG_IDS.includes(orgId),
      names: testNames,
    }),
  );
  const drain = createEventlogDrain({ db, onDrained: () => undefined, onPoison: () => undefined });

  /** Stores everything accepted so far. */
  async function drainIntake(): Promise<void> {
    await intake.close();
    for (const job of jobs.splice(0)) await drain(job);
  }

  async function close(): Promise<void> {
    await api.app.close();
    await intake.close();
    await drop();
  }

  return { ...api, db, drainIntake, close };
}
export type TestEventlog = Awaited<ReturnType<typeof createTestEventlog>>;

/** A stored event; its id contains `createdAt`. */
export function buildEvent({ createdAt = new Date(), ...more }: Partial<DatedEvent> = {}): DatedEvent {
  return {
    id: newEventId(createdAt),
    orgId: 1,
    createdAt,
    eventType: 'config_change',
    severity: 'info',
    actorType: 'system',
    actorId: null,
    resourceType: null,
    resourceId: null,
    description: 'Updated outbound dialing rules',
    metadata: null,
    ipAddress: null,
    userAgent: null,
    ...more,
  };
}
