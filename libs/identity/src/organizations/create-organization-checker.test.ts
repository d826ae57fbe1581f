import { setTimeout as sleep } from 'node:timers/promises';
import { addOrganizations, createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createOrganizationChecker } from './create-organization-checker.ts';

const TTL_MS = 100;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('finds a new organization at once and reads a known one again after its time', async () => {
  const { db } = database;
  const organizationExists = createOrganizationChecker(db, TTL_MS);
  expect(await organizationExists(7)).toBe(false);
  await addOrganizations(db, [7]);
  expect(await organizationExists(7)).toBe(true);

  const find = vi.spyOn(db.organization, 'findUnique');
  expect(await organizationExists(7)).toBe(true);
  expect(find).not.toHaveBeenCalled();
  await sleep(TTL_MS + 10);
  expect(await organizationExists(7)).toBe(true);
  expect(find).toHaveBeenCalledOnce();
});
