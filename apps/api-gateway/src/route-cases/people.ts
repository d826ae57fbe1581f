import { expect } from 'vitest';
import { PASSWORD } from '../testing.ts';
import { fresh } from './route-case.ts';

export const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
export const id = expect.any(Number) as number;
export const user = { id, username: expect.any(String) as string, email: expect.any(String) as string };
export const account = { ...user, role: 'user', org_id: id, created_at: time, name: null, disabled: false };

export const newUser = (more: object = {}) => {
  const username = fresh('person');
  return { username, email: `${username}@example.com`, password: PASSWORD, ...more };
};

/** What the answer to making one tells. */
export interface Made {
  id: number;
  username: string;
}
