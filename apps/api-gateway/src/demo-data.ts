import { entities } from '@oriontel/activity';
import type { Database } from '@oriontel/database';
import { demoOrganization } from '@oriontel/identity';

/** The world in which the platform document's examples take place. */
const ORGANIZATION = { id: 12_345, name: 'Demo', region: 'US' };
const USER = { id: 67_890, username: 'john.smith', name: 'John Smith', email: 'john.smith@example.com' };
const ENTITIES = [
  { type: 'trunk', id: 'trunk_001' },
  { type: 'device', id: 'dev-001', name: 'Desk Phone' },
  { type: 'dialplan', id: 'dp-001', name: 'Main Outbound Plan' },
];

/** Puts the demo data where it is not yet; nobody in it can sign in. */
export const seedDemoData = async (db: Database): Promise<void> => {
  await demoOrganization(db, ORGANIZATION, USER);
  await entities(db).register(ENTITIES.map((entity) => ({ ...entity, orgId: ORGANIZATION.id })));
};
