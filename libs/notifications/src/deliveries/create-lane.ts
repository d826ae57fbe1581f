export interface LaneOptions<T> {
  /** Worked on at once. */
  size: number;
  /** Takes up to so many that nobody works on. */
  claim: (free: number) => Promise<T[]>;
  /** Returns whether there may be more of the same at once. */
  work: (item: T) => Promise<boolean>;
  /** There may be more to claim. */
  onMore: () => void;
  onError: (error: unknown) => void;
}

export interface Lane {
  /** Takes what there is room for. */
  fill(): Promise<void>;
  /** Resolves when nothing is worked on. */
  idle(): Promise<void>;
}

/** So many at once and no more: what is slow in one lane keeps nobody waiting in another. */
export function createLane<T>({ size, claim, work, onMore, onError }: LaneOptions<T>): Lane {
  const inHand = new Set<Promise<void>>();
  /** The last claim found as many as there was room for. */
  let isCrowded = false;

  function start(item: T): void {
    const done = work(item)
      .catch((error: unknown) => (onError(error), false))
      .then((more) => {
        inHand.delete(done);
        if (more || isCrowded) onMore();
      });
    inHand.add(done);
  }

  return {
    async fill() {
      const free = size - inHand.size;
      if (free <= 0) return;
      const items = await claim(free);
      isCrowded = items.length === free;
      items.forEach(start);
    },
    async idle() {
      while (inHand.size) await Promise.all(inHand);
    },
  };
}
