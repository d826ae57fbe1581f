import { expect } from 'vitest';
import { PASSWORD, type TestGateway } from '../testing.ts';
import { fresh, type RouteCase, type RouteCases } from './route-case.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
const id = expect.any(Number) as number;
const user = { id, username: expect.any(String) as string, email: expect.any(String) as string };
const account = { ...user, role: 'user', org_id: id, created_at: time, name: null, disabled: false };

const newUser = (more: object = {}) => {
  const username = fresh('person');
  return { username, email: `${username}@example.com`, password: PASSWORD, ...more };
};

interface Made {
  id: number;
  username: string;
}

const makeUser = async ({ call, ours }: TestGateway): Promise<Made> =>
  (await call<{ data: Made }>('/users', { as: ours.manager, body: newUser() })).json.data;

const makeLoner = async ({ call }: TestGateway): Promise<Made> =>
  (await call<{ data: Made }>('/auth/register', { body: newUser() })).json.data;

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

export const identityCases: RouteCases = {
  'POST /auth/register': {
    example: () => ({ url: '/auth/register', body: newUser({ role: 'user' }) }),
    status: 201,
    data: { ...user, role: 'user', created_at: time },
    but: { member: 403, loner: 403, 'key with': 403, 'key without': 403 },
    elsewhere: 201,
    mistakes: {
      ...registration,
      'an admin made by a manager': { body: newUser({ role: 'admin' }), status: 403 },
      'an organisation of others': { body: newUser({ org_id: 1 }), status: 403 },
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
      'an organisation of others': { body: { org_id: 1 }, status: 403 },
      "another's password": { body: { password: PASSWORD }, status: 403 },
      'an email that is taken': { body: { email: 'loner@example.com' }, status: 409, field: 'email' },
      'another id': { body: { id: 1 }, status: 400, field: 'id' },
    },
  },
  'POST /organizations': {
    example: () => ({ url: '/organizations', body: { name: 'Example Telecom', region: 'DE' } }),
    status: 201,
    data: { id, name: 'Example Telecom', region: 'DE', disabled: false, created_at: time },
    elsewhere: 403,
  },
  'GET /organizations': {
    example: () => ({ url: '/organizations', mark: '"ours"' }),
    status: 200,
    paged: true,
    elsewhere: 200,
  },
  'GET /organizations/:id': {
    example: ({ ours }) => ({ url: `/organizations/${ours.orgId}` }),
    status: 200,
    data: { id, name: 'ours', region: null, disabled: false, created_at: time },
    elsewhere: 404,
    mistakes: {
      'an id that is none': { url: '/organizations/ours', status: 400, field: 'id' },
      'the id of none': { url: '/organizations/2147483647', status: 404 },
    },
  },
  'PUT /organizations/:id': {
    example: ({ ours }) => ({ url: `/organizations/${ours.orgId}`, body: { name: 'ours', region: null } }),
    status: 200,
    data: { id, name: 'ours', region: null, disabled: false, created_at: time },
    elsewhere: 404,
    mistakes: {
      nothing: { body: {}, status: 400 },
      'a region that is none': { body: { region: 'ZZ' }, status: 400, field: 'region' },
      'to be disabled by its manager': { body: { disabled: true }, status: 403 },
    },
  },
  'POST /organizations/:id/members': {
    example: async (world) => ({
      url: `/organizations/${world.ours.orgId}/members`,
      body: { username: (await makeLoner(world)).username },
    }),
    status: 200,
    data: account,
    elsewhere: 404,
    mistakes: {
      'a name of nobody': { body: { username: 'nobody' }, status: 404 },
      'a member of others': { body: { username: 'theirs-member' }, status: 404 },
      'an admin': { body: { username: 'admin' }, status: 404 },
      'no name': { body: {}, status: 400, field: 'username' },
    },
  },
  'POST /api-keys': {
    example: () => ({ url: '/api-keys', body: { name: 'node', scopes: ['cdr:write'] } }),
    status: 201,
    data: {
      id: expect.any(String) as string,
      key: expect.stringMatching(/^otk_/) as string,
      name: 'node',
      org_id: id,
      scopes: ['cdr:write'],
      expires_at: null,
      created_at: time,
    },
    orgId: 'body',
    elsewhere: 201,
    mistakes: {
      'no name': { body: { scopes: ['cdr:write'] }, status: 400, field: 'name' },
      'a scope that is none': { body: { name: 'x', scopes: ['all'] }, status: 400, field: 'scopes' },
      'no scope': { body: { name: 'x', scopes: [] }, status: 400, field: 'scopes' },
      'a time that has passed': {
        body: { name: 'x', scopes: ['cdr:write'], expires_at: '2020-01-01T00:00:00Z' },
        status: 400,
        field: 'expires_at',
      },
    },
  },
  'GET /api-keys': {
    example: async ({ call, ours }) => {
      const name = fresh('key');
      await call('/api-keys', { as: ours.manager, body: { name, scopes: ['cdr:write'] } });
      return { url: '/api-keys', mark: `"${name}"` };
    },
    status: 200,
    paged: true,
    orgId: 'query',
    elsewhere: 200,
  },
  'DELETE /api-keys/:id': {
    example: async ({ call, ours }) => {
      const body = { name: 'short-lived', scopes: ['cdr:write'] };
      const { json } = await call<{ data: { id: string } }>('/api-keys', { as: ours.manager, body });
      return { url: `/api-keys/${json.data.id}` };
    },
    status: 204,
    elsewhere: 404,
    mistakes: {
      'an id that is none': { url: '/api-keys/1', status: 400, field: 'id' },
      'the id of none': { url: '/api-keys/019d5b5e-0000-7000-8000-000000000000', status: 404 },
    },
  },
};
