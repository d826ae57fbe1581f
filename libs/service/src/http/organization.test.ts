import { DEFAULT_ORG_ID, type Failure, type Principal } from '@oriontel/contracts';
import { expect, test } from 'vitest';
import { createOrganizationResolver, organizationToRead, organizationToWrite } from './organization.ts';

function user(role: 'admin' | 'manager' | 'user', orgId: number | null): Principal {
  return {
    kind: 'user',
    id: 9,
    role,
    orgId,
    username: 'x',
    sessionId: 's',
  };
}
const key: Principal = { kind: 'key', id: 'k', orgId: 5, scopes: ['cdr:write'], name: 'k' };
function resultOrCode(work: () => number | null) {
  try {
    return work();
  } catch (error) {
    return (error as Failure).code;
  }
}

test.each([
  [user('admin', null), undefined, DEFAULT_ORG_ID, null],
  [user('admin', 5), undefined, DEFAULT_ORG_ID, null],
  [user('admin', null), 7, 7, 7],
  [user('manager', 5), undefined, 5, 5],
  [user('manager', 5), 5, 5, 5],
  [user('manager', 5), 7, 'forbidden', 'forbidden'],
  [user('user', null), undefined, 'forbidden', 'forbidden'],
  [user('user', null), 1, 'forbidden', 'forbidden'],
  [key, undefined, 5, 5],
  [key, 1, 'forbidden', 'forbidden'],
])('%j requesting organization %s writes to %s and reads %s', (principal, requested, writes, reads) => {
  expect(resultOrCode(() => organizationToWrite(principal, requested))).toBe(writes);
  expect(resultOrCode(() => organizationToRead(principal, requested))).toBe(reads);
});

test('resolveOrganization throws not_found if an admin requests an unknown organization', async () => {
  const resolve = createOrganizationResolver(async (orgId) => orgId === 7);
  expect(await resolve(user('admin', null), 7)).toBe(7);
  expect(await resolve(user('admin', null))).toBe(DEFAULT_ORG_ID);
  expect(await resolve(user('manager', 5))).toBe(5);
  await expect(resolve(user('admin', null), 8)).rejects.toMatchObject({ code: 'not_found' });
});
