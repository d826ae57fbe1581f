import type { Queryable } from '@oriontel/database';
import type { FoundGateway } from './gateway.ts';
import { gateways } from './gateway.repository.ts';

export interface GatewayChanges {
  /** New ones, and those with other settings than before. */
  changed: FoundGateway[];
  /** Those that are no more. */
  gone: FoundGateway[];
}

export interface GatewayCache {
  /** What has changed since the last time; at first, all of them. */
  refresh: () => Promise<GatewayChanges>;
  /** As of the last refresh, by key. */
  all: () => ReadonlyMap<string, FoundGateway>;
}

/** Milliseconds by which a change may become visible later than it says, since a commit comes after its clock is read. */
const OVERLAP_MS = 10_000;

/**
 * Follows every organization's gateways, for those who probe them: a refresh reads what has changed, and all of them only
 * where some are gone, which their number tells. Cheap enough to ask every few seconds. One refresh at a time.
 */
export function createGatewayCache(db: Queryable): GatewayCache {
  const repository = gateways(db);
  const known = new Map<string, FoundGateway>();
  let since: Date | null = null;

  function learn(rows: FoundGateway[]): FoundGateway[] {
    const changed = rows.filter((row) => known.get(row.key)?.updatedAt.getTime() !== row.updatedAt.getTime());
    for (const row of changed) known.set(row.key, row);
    return changed;
  }

  function forget(rows: FoundGateway[]): FoundGateway[] {
    const there = new Set(rows.map(({ key }) => key));
    const gone = [...known.values()].filter(({ key }) => !there.has(key));
    for (const { key } of gone) known.delete(key);
    return gone;
  }

  return {
    async refresh() {
      const { total, now } = await repository.total();
      const changed = learn(await repository.changedSince(since));
      since = new Date(now.getTime() - OVERLAP_MS);
      if (known.size === total) return { changed, gone: [] };
      const rows = await repository.changedSince(null);
      return { changed: [...changed, ...learn(rows)], gone: forget(rows) };
    },
    all: () => known,
  };
}
