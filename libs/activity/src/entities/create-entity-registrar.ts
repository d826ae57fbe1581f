import type { Queryable } from '@oriontel/database';
import { entities, type OwnedEntity } from './entity.repository.ts';

/** Entities remembered by one process. When the cache is full it is cleared. */
const MAX_CACHED = 10_000;

/** Creates a function that registers entities and skips those that this process knows to be committed. */
export function createEntityRegistrar(): (tx: Queryable, found: OwnedEntity[]) => Promise<void> {
  const known = new Set<string>();
  const keyOf = ({ orgId, type, id }: OwnedEntity): string => `${orgId}/${type}/${id}`;
  return async function registerEntities(tx, found) {
    const unknown = found.filter((entity) => !known.has(keyOf(entity)));
    const added = await entities(tx).register(unknown);
    // Rows that this transaction adds may still be rolled back: cache only rows that existed before.
    if (added > 0) return;
    if (known.size > MAX_CACHED) known.clear();
    for (const entity of unknown) known.add(keyOf(entity));
  };
}
