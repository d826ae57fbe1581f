import type { Role } from '@oriontel/contracts';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { organizations } from '../organizations/organization.repository.ts';
import { findContactEmails } from './find-contact-emails.ts';
import { users } from './user.repository.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

async function user(username: string, orgId: number | null, role: Role = 'user', disabled = false) {
  const email = `${username}@example.com`;
  const row = { username, email, name: null, passwordHash: null, role, orgId };
  const created = await users(store.db).create(row);
  if (disabled) await users(store.db).update(null, created.id, { disabledAt: new Date() });
  return `user/${created.id}`;
}

test('findContactEmails returns the user or else the managers, and nobody for foreign users', async () => {
  const { id: ours } = await organizations(store.db).create({ name: 'Ours' });
  const { id: theirs } = await organizations(store.db).create({ name: 'Theirs' });
  const [first, second] = ['boss@example.com', 'chief@example.com'];
  await user('boss', ours, 'manager');
  await user('chief', ours, 'manager');
  await user('former', ours, 'manager', true);
  await user('their-boss', theirs, 'manager');
  const ann = await user('ann', ours);
  const gone = await user('gone', ours, 'user', true);
  const stranger = await user('stranger', theirs);
  const unassigned = await user('unassigned', null);
  const entities = [
    'device/dev-001',
    ann,
    gone,
    stranger,
    unassigned,
    'user/none',
    'user/9999999999',
    'user/0',
  ];
  expect(Object.fromEntries(await findContactEmails(store.db, ours, entities))).toEqual({
    'device/dev-001': [first, second],
    [ann]: ['ann@example.com'],
    [gone]: [first, second],
    [stranger]: [],
    [unassigned]: [],
    'user/none': [],
    'user/9999999999': [],
    'user/0': [],
  });
  expect((await findContactEmails(store.db, theirs, ['trunk/t'])).get('trunk/t')).toEqual([
    'their-boss@example.com',
  ]);
});

test('findContactEmails returns at most 50 managers', async () => {
  const { id: orgId } = await organizations(store.db).create({ name: 'Top-heavy' });
  for (let n = 100; n < 152; n += 1) await user(`manager-${n}`, orgId, 'manager');
  const emails = (await findContactEmails(store.db, orgId, ['trunk/t'])).get('trunk/t')!;
  expect([emails.length, emails[0], emails.at(-1)]).toEqual([
    50,
    'manager-100@example.com',
    'manager-149@example.com',
  ]);
});
