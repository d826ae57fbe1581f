export interface GroupCommitOptions<T> {
  /** Writes the whole group durably, or rejects and has written nothing. */
  write: (items: T[]) => Promise<void>;
  sizeOf: (item: T) => number;
  /** Groups under way at once. */
  maxInFlight: number;
  maxItems: number;
  maxBytes: number;
}

interface WaitingItem<T> {
  item: T;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface GroupCommit<T> {
  /** Resolves once the item is durable. */
  add(item: T): Promise<void>;
  /** Bytes that wait or are being written. */
  pendingBytes(): number;
  /** Resolves when nothing waits any more. */
  whenIdle(): Promise<void>;
}

/**
 * Group commit without a timer: an item that comes alone is written at once; those that come while the writers are
 * busy are written together by the next one.
 */
export function createGroupCommit<T>(options: GroupCommitOptions<T>): GroupCommit<T> {
  const { write, sizeOf, maxInFlight, maxItems, maxBytes } = options;
  const waiting: WaitingItem<T>[] = [];
  const settled: (() => void)[] = [];
  let running = 0;
  let bytes = 0;

  function takeGroup(): WaitingItem<T>[] {
    let size = 0;
    let count = 0;
    while (count < Math.min(waiting.length, maxItems)) {
      size += sizeOf(waiting[count]!.item);
      if (count > 0 && size > maxBytes) break;
      count += 1;
    }
    return waiting.splice(0, count);
  }

  async function flush(): Promise<void> {
    running += 1;
    while (waiting.length) {
      const group = takeGroup();
      await writeGroup(write, group);
      for (const { item } of group) bytes -= sizeOf(item);
    }
    running -= 1;
    if (running === 0) for (const resolve of settled.splice(0)) resolve();
  }

  return {
    add(item) {
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        bytes += sizeOf(item);
        if (running < maxInFlight) void flush();
      });
    },
    pendingBytes: () => bytes,
    whenIdle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => settled.push(resolve))),
  };
}

async function writeGroup<T>(write: (items: T[]) => Promise<void>, group: WaitingItem<T>[]): Promise<void> {
  try {
    await write(group.map(({ item }) => item));
    for (const { resolve } of group) resolve();
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}
