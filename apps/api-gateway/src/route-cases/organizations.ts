import { expect } from 'vitest';
import type { TestGateway } from '../testing.ts';
import { accountMatcher, anyId, newUser, anyTimestamp, type CreatedUser } from './user-matchers.ts';
import { uniqueName, type RouteCases } from './route-case.ts';

async function createUserWithoutOrg({ call }: TestGateway): Promise<CreatedUser> {
  return (await call<{ data: CreatedUser }>('/auth/register', { body: newUser() })).json.data;
}

export const organizationCases: RouteCases = {
  'POST /organizations': {
    example: () => ({ url: '/organizations', body: { name: 'Example Telecom', region: 'DE' } }),
    status: 201,
    data: { id: anyId, name: 'Example Telecom', region: 'DE', disabled: false, created_at: anyTimestamp },
    otherOrgStatus: 403,
    invalidRequests: {
      'no name': { body: { region: 'DE' }, status: 400, field: 'name' },
      'an invalid region': { body: { name: 'x', region: 'ZZ' }, status: 400, field: 'region' },
    },
  },
  'GET /organizations': {
    example: () => ({ url: '/organizations', marker: '"ours"' }),
    status: 200,
    paginated: true,
    otherOrgStatus: 200,
  },
  'GET /organizations/:id': {
    example: ({ ours }) => ({ url: `/organizations/${ours.orgId}` }),
    status: 200,
    data: { id: anyId, name: 'ours', region: null, disabled: false, created_at: anyTimestamp },
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/organizations/ours', status: 400, field: 'id' },
      'an unknown id': { url: '/organizations/2147483647', status: 404 },
    },
  },
  'PUT /organizations/:id': {
    example: ({ ours }) => ({ url: `/organizations/${ours.orgId}`, body: { name: 'ours', region: null } }),
    status: 200,
    data: { id: anyId, name: 'ours', region: null, disabled: false, created_at: anyTimestamp },
    otherOrgStatus: 404,
    invalidRequests: {
      'an empty body': { body: {}, status: 400 },
      'an invalid region': { body: { region: 'ZZ' }, status: 400, field: 'region' },
      'disabled, set by its manager': { body: { disabled: true }, status: 403 },
    },
  },
  'POST /organizations/:id/members': {
    async example(world) {
      return {
        url: `/organizations/${world.ours.orgId}/members`,
        body: { username: (await createUserWithoutOrg(world)).username },
      };
    },
    status: 200,
    data: accountMatcher,
    otherOrgStatus: 404,
    invalidRequests: {
      'an unknown username': { body: { username: 'nobody' }, status: 404 },
      'a member of another organization': { body: { username: 'theirs-member' }, status: 404 },
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
      org_id: anyId,
      scopes: ['cdr:write'],
      expires_at: null,
      created_at: anyTimestamp,
    },
    orgIdIn: 'body',
    otherOrgStatus: 201,
    invalidRequests: {
      'no name': { body: { scopes: ['cdr:write'] }, status: 400, field: 'name' },
      'an invalid scope': { body: { name: 'x', scopes: ['all'] }, status: 400, field: 'scopes' },
      'no scope': { body: { name: 'x', scopes: [] }, status: 400, field: 'scopes' },
      'an expiry in the past': {
        body: { name: 'x', scopes: ['cdr:write'], expires_at: '2020-01-01T00:00:00Z' },
        status: 400,
        field: 'expires_at',
      },
    },
  },
  'GET /api-keys': {
    async example({ call, ours }) {
      const name = uniqueName('key');
      await call('/api-keys', { as: ours.manager, body: { name, scopes: ['cdr:write'] } });
      return { url: '/api-keys', marker: `"${name}"` };
    },
    status: 200,
    paginated: true,
    orgIdIn: 'query',
    otherOrgStatus: 200,
  },
  'DELETE /api-keys/:id': {
    async example({ call, ours }) {
      const body = { name: 'short-lived', scopes: ['cdr:write'] };
      const { json } = await call<{ data: { id: string } }>('/api-keys', { as: ours.manager, body });
      return { url: `/api-keys/${json.data.id}` };
    },
    status: 204,
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid id': { url: '/api-keys/1', status: 400, field: 'id' },
      'an unknown id': { url: '/api-keys/019d5b5e-0000-7000-8000-000000000000', status: 404 },
    },
  },
};
