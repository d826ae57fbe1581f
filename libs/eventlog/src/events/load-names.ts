import type { EntityRef } from '@oriontel/contracts';
import type { DatedEvent } from './audit-event.ts';

export interface UserName {
  id: number;
  name: string;
  email: string;
}

/** Lookups supplied by the app. They return names within the given organization only. */
export interface NameSources {
  findUserNames: (orgId: number, ids: number[]) => Promise<UserName[]>;
  findEntityNames: (orgId: number, refs: EntityRef[]) => Promise<(EntityRef & { name: string })[]>;
}

/** Names of the users and resources on a page of events. */
export interface Names {
  user: (id: number | null) => UserName | undefined;
  resource: (type: string | null, id: string | null) => string | undefined;
}

/** The returned function loads the names for a page of events with at most one query per source. */
export function createNameLoader({ findUserNames, findEntityNames }: NameSources) {
  return async function loadNames(orgId: number, events: DatedEvent[]): Promise<Names> {
    const ids = new Set(events.flatMap(({ actorId }) => actorId ?? []));
    const refs = new Map(events.flatMap(entityRefs).map((ref) => [refKey(ref), ref]));
    const [users, entities] = await Promise.all([
      ids.size ? findUserNames(orgId, [...ids]) : [],
      refs.size ? findEntityNames(orgId, [...refs.values()]) : [],
    ]);
    const userById = new Map(users.map((user) => [user.id, user]));
    const nameByRef = new Map(entities.map((entity) => [refKey(entity), entity.name]));
    return {
      user: (id) => (id === null ? undefined : userById.get(id)),
      resource(type, id) {
        return type === null || id === null ? undefined : nameByRef.get(refKey({ type, id }));
      },
    };
  };
}

function entityRefs({ resourceType: type, resourceId: id }: DatedEvent): EntityRef[] {
  return type === null || id === null ? [] : [{ type, id }];
}

// Unambiguous: a type contains no slash.
const refKey = ({ type, id }: EntityRef): string => `${type}/${id}`;
