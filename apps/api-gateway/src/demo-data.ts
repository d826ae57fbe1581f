import { entities, seedEntityEvents, seedLogs } from '@oriontel/activity';
import type { Database } from '@oriontel/database';
import { seedDemoSettings } from '@oriontel/bespoke';
import { seedEvents, type DatedEvent } from '@oriontel/eventlog';
import { seedOrganization } from '@oriontel/identity';
import { seedGateway, type Measurement } from '@oriontel/sip-gateways';

/** The organization and user of the examples in the platform document. */
const ORGANIZATION = { id: 12_345, name: 'Demo', region: 'US' };
const USER = { id: 67_890, username: 'john.smith', name: 'John Smith', email: 'john.smith@example.com' };
const ENTITIES = [
  { type: 'trunk', id: 'trunk_001' },
  { type: 'device', id: 'dev-001', name: 'Desk Phone' },
  { type: 'dialplan', id: 'dp-001', name: 'Main Outbound Plan' },
];
const EVENTS: DatedEvent[] = [
  {
    id: 'evt-20240115-abc123',
    orgId: ORGANIZATION.id,
    createdAt: new Date('2024-01-15T11:30:00Z'),
    eventType: 'config_change',
    severity: 'info',
    actorType: 'user',
    actorId: USER.id,
    resourceType: 'dialplan',
    resourceId: 'dp-001',
    description: 'Updated outbound dialing rules',
    metadata: {
      previous_value: 'old_rule',
      new_value: 'new_rule',
      fields_changed: ['destination_pattern', 'priority'],
    },
    ipAddress: '192.168.1.100',
    userAgent: 'Mozilla/5.0...',
  },
  {
    id: 'evt-20240115-def456',
    orgId: ORGANIZATION.id,
    createdAt: new Date('2024-01-15T10:45:00Z'),
    eventType: 'security',
    severity: 'warning',
    actorType: 'system',
    actorId: null,
    resourceType: null,
    resourceId: null,
    description: 'Failed login attempt from unknown IP',
    metadata: null,
    ipAddress: '203.0.113.50',
    userAgent: null,
  },
];

const LOGS: Parameters<typeof seedLogs>[3] = [
  {
    at: '2024-01-15T10:30:00Z',
    type: 'call',
    level: 'info',
    message: 'Outbound call initiated to +14155555678',
    details: { call_id: 'call-abc123', destination: '+14155555678', trunk: 'trunk_001' },
  },
  {
    at: '2024-01-15T10:35:42Z',
    type: 'call',
    level: 'info',
    message: 'Call completed',
    details: { call_id: 'call-abc123', duration: 342, disposition: 'ANSWERED' },
  },
];

const REGISTRATIONS: Parameters<typeof seedEntityEvents>[3] = [
  {
    id: 'evt-reg-001',
    type: 'registration',
    at: '2024-01-15T10:00:00Z',
    data: {
      user_id: 67890,
      device: 'Polycom VVX 450',
      ip_address: '192.168.1.50',
      registration_type: 'new',
    },
  },
  {
    id: 'evt-reg-002',
    type: 'registration',
    at: '2024-01-15T10:30:00Z',
    data: {
      user_id: 67891,
      device: 'Yealink T46S',
      ip_address: '192.168.1.51',
      registration_type: 'refresh',
    },
  },
];

const GATEWAY: Parameters<typeof seedGateway>[2] = {
  id: 'gateway-east-01',
  name: 'East Coast Primary Gateway',
  host: 'sip-east.example.com',
  port: 5060,
  enabled: false,
};
const RESULT_INTERVAL_MS = 300_000;
const RESULTS_PER_DAY = 288;

/** One result per five minutes of the last 24 hours. */
function resultsUntil(now: number): Measurement[] {
  return Array.from({ length: RESULTS_PER_DAY }, (_, index) => ({
    at: new Date((Math.floor(now / RESULT_INTERVAL_MS) - index) * RESULT_INTERVAL_MS).toISOString(),
    status: 'up',
    latencyMs: [23, 21, 25][index % 3]!,
    lossPercent: 0,
    jitterMs: 2,
    sipCode: 200,
    error: null,
    source: 'monitor-node-01',
  }));
}

/** Inserts the demo data that does not exist yet. Its user has no password and cannot sign in. */
export async function seedDemoData(db: Database): Promise<void> {
  await seedOrganization(db, ORGANIZATION, USER);
  await seedDemoSettings(db, ORGANIZATION.id);
  await entities(db).register(ENTITIES.map((entity) => ({ ...entity, orgId: ORGANIZATION.id })));
  await seedEvents(db, EVENTS);
  await seedEntityEvents(db, ORGANIZATION.id, `org/${ORGANIZATION.id}`, REGISTRATIONS);
  await seedGateway(db, ORGANIZATION.id, GATEWAY, resultsUntil(Date.now()));
  await seedLogs(db, ORGANIZATION.id, `user/${USER.id}`, LOGS);
}
