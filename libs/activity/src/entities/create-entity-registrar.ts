import type { Queryable } from '@oriontel/database';
import { entities, type OwnedEntity } from './entity.repository.ts';

/** Entities remembered in one process; beyond it all are forgotten. */
const MAX_CACHED = 10_000;

/** Registers entities, and does not ask the database again for those that it is sure to have. */
export function createEntityRegistrar(): (tx: Queryable, found: OwnedEntity[]) => Promise<void> {
  const known = new Set<string>();
  const keyOf = ({ orgId, type, id }: OwnedEntity): string => `${orgId}/${type}/${id}`;
  return async function registerEntities(tx, found) {
    const others = found.filter((entity) => !known.has(keyOf(entity)));
    const added = await entities(tx).register(others);
    // Sure is only what was there before: what this transaction adds may yet be undone.
    if (added > 0) return;
    if (known.size > MAX_CACHED) known.clear();
    for (const entity of others) known.add(keyOf(entity));
  };
}
