import type { EntityRef } from '@oriontel/contracts';
import type { DatedEvent } from './audit-event.ts';

export interface UserName {
  id: number;
  name: string;
  email: string;
}

/** What the app knows of names; it hands these over. Those of other organizations are nobody's business here. */
export interface NameSources {
  usersOf: (orgId: number, ids: number[]) => Promise<UserName[]>;
  entitiesOf: (orgId: number, refs: EntityRef[]) => Promise<(EntityRef & { name: string })[]>;
}

/** The names that a page of events needs, asked for once. */
export interface Names {
  user: (id: number | null) => UserName | undefined;
  resource: (type: string | null, id: string | null) => string | undefined;
}

export const namesFor =
  ({ usersOf, entitiesOf }: NameSources) =>
  async (orgId: number, events: DatedEvent[]): Promise<Names> => {
    const ids = new Set(events.flatMap(({ actorId }) => actorId ?? []));
    const refs = new Map(events.flatMap(refOf).map((ref) => [keyOf(ref), ref]));
    const [users, entities] = await Promise.all([
      ids.size ? usersOf(orgId, [...ids]) : [],
      refs.size ? entitiesOf(orgId, [...refs.values()]) : [],
    ]);
    const userById = new Map(users.map((user) => [user.id, user]));
    const nameByRef = new Map(entities.map((entity) => [keyOf(entity), entity.name]));
    return {
      user: (id) => (id === null ? undefined : userById.get(id)),
      resource: (type, id) => (type === null || id === null ? undefined : nameByRef.get(keyOf({ type, id }))),
    };
  };

const refOf = ({ resourceType: type, resourceId: id }: DatedEvent): EntityRef[] =>
  type === null || id === null ? [] : [{ type, id }];

// No type has a slash.
const keyOf = ({ type, id }: EntityRef): string => `${type}/${id}`;
