import { expect } from 'vitest';
import { PASSWORD, type TestGateway } from '../testing.ts';
import {
  accountMatcher,
  anyId,
  newUser,
  anyTimestamp,
  userMatcher,
  type CreatedUser,
} from './user-matchers.ts';
import { type RouteCase, type RouteCases } from './route-case.ts';

async function createUser({ call, ours }: TestGateway): Promise<CreatedUser> {
  return (await call<{ data: CreatedUser }>('/users', { as: ours.manager, body: newUser() })).json.data;
}

async function signIn({ call }: TestGateway): Promise<{ refresh_token: string }> {
  const body = { username: 'ours-member', password: PASSWORD };
  return (await call<{ data: { refresh_token: string } }>('/auth/login', { body })).json.data;
}

const signedIn = {
  token: expect.any(String) as string,
  token_type: 'Bearer',
  expires_in: 3_600,
  refresh_token: expect.any(String) as string,
  user: { ...userMatcher, role: 'user', org_id: anyId, created_at: anyTimestamp },
};

const registration: RouteCase['invalidRequests'] = {
  'no username': { body: { ...newUser(), username: undefined }, status: 400, field: 'username' },
  'no email': { body: { ...newUser(), email: undefined }, status: 400, field: 'email' },
  'no password': { body: { ...newUser(), password: undefined }, status: 400, field: 'password' },
  'a short password': { body: newUser({ password: 'short' }), status: 400, field: 'password' },
  'an invalid email': { body: newUser({ email: 'nobody' }), status: 400, field: 'email' },
  'an invalid role': { body: newUser({ role: 'root' }), status: 400, field: 'role' },
  'a username in use': { body: newUser({ username: 'UNASSIGNED' }), status: 409, field: 'username' },
  'a email in use': { body: newUser({ email: 'Unassigned@example.com' }), status: 409, field: 'email' },
  'an id': { body: newUser({ id: 1 }), status: 400, field: 'id' },
};

export const userCases: RouteCases = {
  'POST /auth/register': {
    example: () => ({ url: '/auth/register', body: newUser({ role: 'user' }) }),
    status: 201,
    data: { ...userMatcher, role: 'user', created_at: anyTimestamp },
    statusOverrides: { member: 403, unassigned: 403, 'key with': 403, 'key without': 403 },
    otherOrgStatus: 201,
    invalidRequests: {
      ...registration,
      'an admin, by a manager': { body: newUser({ role: 'admin' }), status: 403 },
      'another organization': { body: newUser({ org_id: 1 }), status: 403 },
    },
  },
  'POST /auth/login': {
    example: () => ({ url: '/auth/login', body: { username: 'ours-member', password: PASSWORD } }),
    status: 200,
    data: signedIn,
    otherOrgStatus: 200,
    invalidRequests: {
      'a wrong password': { body: { username: 'ours-member', password: 'wrong password' }, status: 401 },
      'an unknown user': { body: { username: 'nobody', password: PASSWORD }, status: 401 },
      'no password': { body: { username: 'ours-member' }, status: 400, field: 'password' },
    },
  },
  'POST /auth/refresh': {
    async example(world) {
      return {
        url: '/auth/refresh',
        body: { refresh_token: (await signIn(world)).refresh_token },
      };
    },
    status: 200,
    data: signedIn,
    otherOrgStatus: 200,
    invalidRequests: {
      'an invalid refresh token': { body: { refresh_token: 'otr_x' }, status: 401 },
      'no refresh token': { body: {}, status: 400, field: 'refresh_token' },
    },
  },
  'POST /auth/logout': {
    example: () => ({ url: '/auth/logout' }),
    status: 204,
    endsSession: true,
    otherOrgStatus: 204,
  },
  'POST /auth/password': {
    example() {
      return {
        url: '/auth/password',
        body: { current_password: PASSWORD, new_password: PASSWORD },
      };
    },
    status: 204,
    otherOrgStatus: 204,
    invalidRequests: {
      'a wrong password': {
        body: { current_password: 'wrong password', new_password: PASSWORD },
        status: 403,
        field: 'current_password',
      },
      'a short password': {
        body: { current_password: PASSWORD, new_password: 'short' },
        status: 400,
        field: 'new_password',
      },
    },
  },
  'GET /auth/me': {
    example: () => ({ url: '/auth/me' }),
    status: 200,
    data: { ...userMatcher, created_at: anyTimestamp },
    otherOrgStatus: 200,
  },
  'POST /users': {
    example: () => ({ url: '/users', body: newUser() }),
    status: 201,
    data: {
      ...accountMatcher,
      org_id: expect.toSatisfy((org) => org === null || typeof org === 'number') as number,
    },
    orgIdIn: 'body',
    otherOrgStatus: 201,
    invalidRequests: registration,
  },
  'GET /users': {
    async example(world) {
      const { username } = await createUser(world);
      return { url: `/users?text=${username}`, marker: `"${username}"` };
    },
    status: 200,
    data: [accountMatcher],
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'an invalid role': { query: { role: 'root' }, status: 400, field: 'role' },
      'a flag that is not a boolean': { query: { disabled: 'maybe' }, status: 400, field: 'disabled' },
    },
  },
  'GET /users/:id': {
    example: async (world) => ({ url: `/users/${(await createUser(world)).id}` }),
    status: 200,
    data: accountMatcher,
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/users/me', status: 400, field: 'id' },
      'an unknown id': { url: '/users/2147483647', status: 404 },
    },
  },
  'PUT /users/:id': {
    async example(world) {
      return {
        url: `/users/${(await createUser(world)).id}`,
        body: { name: 'Ann Example', role: 'manager' },
      };
    },
    status: 200,
    data: { ...accountMatcher, name: 'Ann Example', role: 'manager' },
    otherOrgStatus: 404,
    invalidRequests: {
      'an unknown id': { url: '/users/2147483647', body: { name: 'x' }, status: 404 },
      'an empty body': { body: {}, status: 400 },
      'an invalid role': { body: { role: 'root' }, status: 400, field: 'role' },
      'a higher role': { body: { role: 'admin' }, status: 403 },
      'another organization': { body: { org_id: 1 }, status: 403 },
      'the password of another user': { body: { password: PASSWORD }, status: 403 },
      'a email in use': { body: { email: 'unassigned@example.com' }, status: 409, field: 'email' },
      'another id': { body: { id: 1 }, status: 400, field: 'id' },
    },
  },
};
