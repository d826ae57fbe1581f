import { Failure, type Principal } from '@oriontel/contracts';
import type { AuditEvent } from './audit-event.ts';
import type { NewEvent } from './new-event.ts';

type Actor = Pick<AuditEvent, 'actorType' | 'actorId'>;

/**
 * Who did it: as the event says, otherwise its writer. A manager, an admin and a key (an application) speak for others; a
 * plain user names no other user than itself. @throws Failure forbidden
 */
export function resolveActor(
  principal: Principal,
  { actor_id, actor_type }: Pick<NewEvent, 'actor_id' | 'actor_type'>,
): Actor {
  const writer = principal.kind === 'user' ? principal.id : null;
  const isPlainUser = principal.kind === 'user' && principal.role === 'user';
  if (isPlainUser && actor_id && actor_id !== writer) {
    throw new Failure(
      'forbidden',
      'Insufficient permissions: you may name only yourself as actor_id, or leave it out.',
    );
  }
  const actorType = actor_type ?? (actor_id || writer ? 'user' : 'api');
  return { actorType, actorId: actor_id ?? (actorType === 'user' ? writer : null) };
}
