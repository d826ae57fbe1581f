import type { StoredLeg } from '../parse/read-submission.ts';
import type { OwnedEntity } from './leg-dependencies.ts';

/** The sources and trunks that these legs name, each once. */
export function entitiesOf(legs: StoredLeg[]): OwnedEntity[] {
  const entities = new Map<string, OwnedEntity>();
  function add(orgId: number, type: string, id: string): void {
    entities.set(`${orgId}/${type}/${id}`, { orgId, type, id });
  }
  for (const { orgId, source, trunkId } of legs) {
    add(orgId, 'source', source);
    if (trunkId) add(orgId, 'trunk', trunkId);
  }
  return [...entities.values()];
}
