import type { Queryable } from '@oriontel/database';
import type { FoundGateway } from './gateway.ts';
import { gateways } from './gateway.repository.ts';

export interface GatewayChanges {
  /** New gateways, and those whose settings changed. */
  changed: FoundGateway[];
  /** Deleted gateways, with their last known settings. */
  gone: FoundGateway[];
}

export interface GatewayCache {
  /** Returns the changes since the last call; the first call returns every gateway. Not reentrant. */
  refresh: () => Promise<GatewayChanges>;
  /** The gateways as of the last refresh, by key. */
  all: () => ReadonlyMap<string, FoundGateway>;
}

/** A commit may become visible this much later than its updated_at: the clock is read before the commit. */
const OVERLAP_MS = 10_000;

/**
 * Keeps the gateways of every organization in memory. A refresh reads only changed rows; it reads all rows
 * when the row count shows that some were deleted. Cheap enough to call every few seconds.
 */
export function createGatewayCache(db: Queryable): GatewayCache {
  const repository = gateways(db);
  const known = new Map<string, FoundGateway>();
  let since: Date | null = null;

  function addChanged(rows: FoundGateway[]): FoundGateway[] {
    const changed = rows.filter((row) => known.get(row.key)?.updatedAt.getTime() !== row.updatedAt.getTime());
    for (const row of changed) known.set(row.key, row);
    return changed;
  }

  function removeMissing(rows: FoundGateway[]): FoundGateway[] {
    const present = new Set(rows.map(({ key }) => key));
    const gone = [...known.values()].filter(({ key }) => !present.has(key));
    for (const { key } of gone) known.delete(key);
    return gone;
  }

  return {
    async refresh() {
      const { total, now } = await repository.total();
      const changed = addChanged(await repository.changedSince(since));
      since = new Date(now.getTime() - OVERLAP_MS);
      if (known.size === total) return { changed, gone: [] };
      const rows = await repository.changedSince(null);
      return { changed: [...changed, ...addChanged(rows)], gone: removeMissing(rows) };
    },
    all: () => known,
  };
}
