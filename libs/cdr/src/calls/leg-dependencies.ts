import type { EntityRef } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';

/** An ISO 3166-1 alpha-2 region by organization; it decides how national numbers are read. */
export type RegionOf = (orgId: number) => Promise<string | null>;

export type OwnedEntity = EntityRef & { orgId: number };

/** What writing legs needs of other features. */
export interface LegDependencies {
  /** The regions of several organizations, by id. */
  regionsOf: (orgIds: number[]) => Promise<Map<number, string | null>>;
  /** Registers the entities that are not known yet. */
  registerEntities: (tx: Queryable, entities: OwnedEntity[]) => Promise<void>;
}
