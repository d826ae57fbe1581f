export interface LaneOptions<T> {
  /** Items processed at once. */
  size: number;
  /** Claims up to `limit` items that no other process works on. */
  claim: (limit: number) => Promise<T[]>;
  /** Returns whether the item needs another turn at once. */
  work: (item: T) => Promise<boolean>;
  /** There may be more to claim. */
  onMore: () => void;
  onError: (error: unknown) => void;
}

export interface Lane {
  /** Claims as many items as there are free places, and starts to process them. */
  fill: () => Promise<void>;
  /** Resolves when no item is in flight. */
  idle: () => Promise<void>;
}

/** Limits concurrency separately from other lanes, so that slow items of one lane do not delay another. */
export function createLane<T>({ size, claim, work, onMore, onError }: LaneOptions<T>): Lane {
  const inFlight = new Set<Promise<void>>();
  /** Whether the last claim used all free places. */
  let isFull = false;

  async function run(item: T): Promise<boolean> {
    try {
      return await work(item);
    } catch (error) {
      onError(error);
      return false;
    }
  }

  function start(item: T): void {
    const done = run(item).then((hasMore) => {
      inFlight.delete(done);
      if (hasMore || isFull) onMore();
    });
    inFlight.add(done);
  }

  return {
    async fill() {
      const free = size - inFlight.size;
      if (free <= 0) return;
      const items = await claim(free);
      isFull = items.length === free;
      items.forEach(start);
    },
    async idle() {
      while (inFlight.size) await Promise.all(inFlight);
    },
  };
}
