import { MAX_ID } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { contacts, type Contact } from './contact.repository.ts';

/** Upper bound of recipients. */
const MAX_MANAGERS = 50;

const USER_ENTITY = /^user\/([1-9]\d{0,9})$/;

/**
 * Email addresses to notify about each entity (`type/id`): the user for an active user, the managers of the
 * organization for a disabled user and for every other entity. Users of other organizations or of none have
 * no recipients here: their events may be stored in the default organization, whose managers must not see
 * them.
 */
export async function findContactEmails(
  db: Queryable,
  orgId: number,
  entities: string[],
): Promise<Map<string, string[]>> {
  const userIdOf = (entity: string): number => Number(USER_ENTITY.exec(entity)?.[1]);
  const ids = entities.map(userIdOf).filter((id) => id <= MAX_ID);
  const members = ids.length ? await contacts(db).findMembers(orgId, ids) : [];
  const memberById = new Map(members.map((member) => [member.id, member]));
  const managers = await contacts(db).listManagerEmails(orgId, MAX_MANAGERS);
  return new Map(
    entities.map((entity) => [entity, chooseEmails(entity, memberById.get(userIdOf(entity)), managers)]),
  );
}

function chooseEmails(entity: string, member: Contact | undefined, managers: string[]): string[] {
  if (member) return member.disabled ? managers : [member.email];
  return entity.startsWith('user/') ? [] : managers;
}
