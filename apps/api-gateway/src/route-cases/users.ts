import { expect } from 'vitest';
import { PASSWORD, type TestGateway } from '../testing.ts';
import { account, id, newUser, time, user, type Made } from './people.ts';
import { type RouteCase, type RouteCases } from './route-case.ts';

const makeUser = async ({ call, ours }: TestGateway): Promise<Made> =>
  (await call<{ data: Made }>('/users', { as: ours.manager, body: newUser() })).json.data;

const signIn = async ({ call }: TestGateway): Promise<{ refresh_token: string }> => {
  const body = { username: 'ours-member', password: PASSWORD };
  return (await call<{ data: { refresh_token: string } }>('/auth/login', { body })).json.data;
};

const signedIn = {
  token: expect.any(String) as string,
  token_type: 'Bearer',
  expires_in: 3_600,
  refresh_token: expect.any(String) as string,
  user: { ...user, role: 'user', org_id: id, created_at: time },
};

const registration: RouteCase['mistakes'] = {
  'no username': { body: { ...newUser(), username: undefined }, status: 400, field: 'username' },
  'no email': { body: { ...newUser(), email: undefined }, status: 400, field: 'email' },
  'no password': { body: { ...newUser(), password: undefined }, status: 400, field: 'password' },
  'a short password': { body: newUser({ password: 'short' }), status: 400, field: 'password' },
  'an email that is none': { body: newUser({ email: 'nobody' }), status: 400, field: 'email' },
  'a role that is none': { body: newUser({ role: 'root' }), status: 400, field: 'role' },
  'a username that is taken': { body: newUser({ username: 'LONER' }), status: 409, field: 'username' },
  'an email that is taken': { body: newUser({ email: 'Loner@example.com' }), status: 409, field: 'email' },
  'an id of its own choice': { body: newUser({ id: 1 }), status: 400, field: 'id' },
};

export const userCases: RouteCases = {
  'POST /auth/register': {
    example: () => ({ url: '/auth/register', body: newUser({ role: 'user' }) }),
    status: 201,
    data: { ...user, role: 'user', created_at: time },
    but: { member: 403, loner: 403, 'key with': 403, 'key without': 403 },
    elsewhere: 201,
    mistakes: {
      ...registration,
      'an admin made by a manager': { body: newUser({ role: 'admin' }), status: 403 },
      'an organization of others': { body: newUser({ org_id: 1 }), status: 403 },
    },
  },
  'POST /auth/login': {
    example: () => ({ url: '/auth/login', body: { username: 'ours-member', password: PASSWORD } }),
    status: 200,
    data: signedIn,
    elsewhere: 200,
    mistakes: {
      'a wrong password': { body: { username: 'ours-member', password: 'wrong password' }, status: 401 },
      'an unknown user': { body: { username: 'nobody', password: PASSWORD }, status: 401 },
      'no password': { body: { username: 'ours-member' }, status: 400, field: 'password' },
    },
  },
  'POST /auth/refresh': {
    example: async (world) => ({
      url: '/auth/refresh',
      body: { refresh_token: (await signIn(world)).refresh_token },
    }),
    status: 200,
    data: signedIn,
    elsewhere: 200,
    mistakes: {
      'a refresh token that is none': { body: { refresh_token: 'otr_x' }, status: 401 },
      'no refresh token': { body: {}, status: 400, field: 'refresh_token' },
    },
  },
  'POST /auth/logout': {
    example: () => ({ url: '/auth/logout' }),
    status: 204,
    signsOut: true,
    elsewhere: 204,
  },
  'POST /auth/password': {
    example: () => ({
      url: '/auth/password',
      body: { current_password: PASSWORD, new_password: PASSWORD },
    }),
    status: 204,
    elsewhere: 204,
    mistakes: {
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
    data: { ...user, created_at: time },
    elsewhere: 200,
  },
  'POST /users': {
    example: () => ({ url: '/users', body: newUser() }),
    status: 201,
    data: {
      ...account,
      org_id: expect.toSatisfy((org) => org === null || typeof org === 'number') as number,
    },
    orgId: 'body',
    elsewhere: 201,
    mistakes: registration,
  },
  'GET /users': {
    example: async (world) => {
      const { username } = await makeUser(world);
      return { url: `/users?text=${username}`, mark: `"${username}"` };
    },
    status: 200,
    data: [account],
    paged: true,
    orgId: 'query',
    elsewhere: 200,
    mistakes: {
      'a role that is none': { query: { role: 'root' }, status: 400, field: 'role' },
      'neither true nor false': { query: { disabled: 'maybe' }, status: 400, field: 'disabled' },
    },
  },
  'GET /users/:id': {
    example: async (world) => ({ url: `/users/${(await makeUser(world)).id}` }),
    status: 200,
    data: account,
    elsewhere: 404,
    mistakes: {
      'an id that is none': { url: '/users/me', status: 400, field: 'id' },
      'the id of nobody': { url: '/users/2147483647', status: 404 },
    },
  },
  'PUT /users/:id': {
    example: async (world) => ({
      url: `/users/${(await makeUser(world)).id}`,
      body: { name: 'Ann Example', role: 'manager' },
    }),
    status: 200,
    data: { ...account, name: 'Ann Example', role: 'manager' },
    elsewhere: 404,
    mistakes: {
      'the id of nobody': { url: '/users/2147483647', body: { name: 'x' }, status: 404 },
      nothing: { body: {}, status: 400 },
      'a role that is none': { body: { role: 'root' }, status: 400, field: 'role' },
      'a role above its own': { body: { role: 'admin' }, status: 403 },
      'an organization of others': { body: { org_id: 1 }, status: 403 },
      "another's password": { body: { password: PASSWORD }, status: 403 },
      'an email that is taken': { body: { email: 'loner@example.com' }, status: 409, field: 'email' },
      'another id': { body: { id: 1 }, status: 400, field: 'id' },
    },
  },
};
