import type { Principal, Role } from '@oriontel/contracts';
import { Failure } from '@oriontel/contracts';
import { expect, test } from 'vitest';
import { resolveActor } from './resolve-actor.ts';

function user(role: Role): Principal {
  return {
    kind: 'user',
    id: 7,
    role,
    orgId: 1,
    username: 'x',
    sessionId: 's',
  };
}
const key: Principal = { kind: 'key', id: 'k', orgId: 1, scopes: ['events:write'], name: 'node' };
const principals = { user: user('user'), manager: user('manager'), admin: user('admin'), key };

test.each([
  ['user', {}, 'user', 7],
  ['manager', {}, 'user', 7],
  ['key', {}, 'api', null],
  ['user', { actor_id: 7 }, 'user', 7],
  ['manager', { actor_id: 9 }, 'user', 9],
  ['admin', { actor_id: 9 }, 'user', 9],
  ['key', { actor_id: 9 }, 'user', 9],
  ['user', { actor_type: 'user' }, 'user', 7],
  ['key', { actor_type: 'user' }, 'user', null],
  ['user', { actor_type: 'system' }, 'system', null],
  ['manager', { actor_type: 'api', actor_id: 9 }, 'api', 9],
  ['key', { actor_type: null, actor_id: null }, 'api', null],
] as const)('the actor of an event written by a %s with %j is %s %s', (role, body, actorType, actorId) => {
  expect(resolveActor(principals[role], { actor_id: undefined, actor_type: undefined, ...body })).toEqual({
    actorType,
    actorId,
  });
});

test.each([{ actor_id: 9 }, { actor_id: 9, actor_type: 'system' as const }])(
  'resolveActor rejects a user who specifies another one: %j',
  (body) => {
    expect(() => resolveActor(principals.user, { actor_type: undefined, ...body })).toThrow(Failure);
  },
);
