import { MAX_ID } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { users } from './user.repository.ts';

/** Managers who are told at most. */
const MAX_MANAGERS = 50;

const USER_ENTITY = /^user\/([1-9]\d{0,9})$/;

/**
 * Whom an organization writes to about these entities (type/id): about a user that user, about all else its managers, and its
 * managers also about a user who is disabled. Nobody about users of others: their events are kept with the default organization
 * where they have none, and are none of its business.
 */
export async function findContactEmails(
  db: Queryable,
  orgId: number,
  entities: string[],
): Promise<Map<string, string[]>> {
  const idOf = (entity: string): number => Number(USER_ENTITY.exec(entity)?.[1]);
  const ids = entities.map(idOf).filter((id) => id <= MAX_ID);
  const members = ids.length ? await users(db).findMembers(orgId, ids) : new Map<number, Member>();
  const managers = await users(db).listManagerEmails(orgId, MAX_MANAGERS);
  return new Map(
    entities.map((entity) => [entity, chooseEmails(entity, members.get(idOf(entity)), managers)]),
  );
}

interface Member {
  email: string;
  disabled: boolean;
}

function chooseEmails(entity: string, member: Member | undefined, managers: string[]): string[] {
  if (member) return member.disabled ? managers : [member.email];
  return entity.startsWith('user/') ? [] : managers;
}
