import { Failure, type Principal } from '@oriontel/contracts';
import type { AuditEvent } from './audit-event.ts';
import type { NewEvent } from './new-event.ts';

type Actor = Pick<AuditEvent, 'actorType' | 'actorId'>;

/**
 * The actor of a new event: as specified, else the principal who writes it. Managers, admins and API keys may
 * specify any actor, users only themselves.
 * @throws Failure forbidden
 */
export function resolveActor(
  principal: Principal,
  { actor_id, actor_type }: Pick<NewEvent, 'actor_id' | 'actor_type'>,
): Actor {
  const ownUserId = principal.kind === 'user' ? principal.id : null;
  const isPlainUser = principal.kind === 'user' && principal.role === 'user';
  if (isPlainUser && actor_id && actor_id !== ownUserId) {
    throw new Failure('forbidden', 'Insufficient permissions: set actor_id to your own id, or omit it.');
  }
  const actorType = actor_type ?? (actor_id || ownUserId ? 'user' : 'api');
  return { actorType, actorId: actor_id ?? (actorType === 'user' ? ownUserId : null) };
}
