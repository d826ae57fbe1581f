import { expect } from 'vitest';
import { PASSWORD } from '../testing.ts';
import { uniqueName } from './route-case.ts';

export const anyTimestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
export const anyId = expect.any(Number) as number;
export const userMatcher = {
  id: anyId,
  username: expect.any(String) as string,
  email: expect.any(String) as string,
};
export const accountMatcher = {
  ...userMatcher,
  role: 'user',
  org_id: anyId,
  created_at: anyTimestamp,
  name: null,
  disabled: false,
};

export function newUser(more: object = {}) {
  const username = uniqueName('person');
  return { username, email: `${username}@example.com`, password: PASSWORD, ...more };
}

/** The response of creating a user, as far as tests need it. */
export interface CreatedUser {
  id: number;
  username: string;
}
