export interface GroupCommitOptions<T> {
  /** Writes the whole group durably, or rejects without writing anything. */
  write: (items: T[]) => Promise<void>;
  /** Size of an item in bytes. */
  sizeOf: (item: T) => number;
  /** Groups written concurrently. */
  maxInFlight: number;
  /** Items per group. */
  maxItems: number;
  /** Bytes per group; a larger item is written alone. */
  maxBytes: number;
  /**
   * Items or bytes that must wait before a second group is written concurrently. Few large groups cost less
   * than many small ones.
   * @default one item
   */
  extraWriterAt?: { items: number; bytes: number };
}

interface WaitingItem<T> {
  item: T;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface GroupCommit<T> {
  /** Resolves once the item is durable. */
  add(item: T): Promise<void>;
  /** Bytes waiting or being written. */
  pendingBytes(): number;
  /** Resolves when nothing is waiting or being written. */
  whenIdle(): Promise<void>;
}

/**
 * Group commit without a timer: an item is written at once if a writer is free; items added while all writers
 * are busy form the next group.
 */
export function createGroupCommit<T>(options: GroupCommitOptions<T>): GroupCommit<T> {
  const { write, sizeOf, maxInFlight, maxItems, maxBytes, extraWriterAt = { items: 1, bytes: 0 } } = options;
  const waiting: WaitingItem<T>[] = [];
  const idleListeners: (() => void)[] = [];
  let running = 0;
  let bytes = 0;
  let waitingBytes = 0;

  function needsWriter(): boolean {
    if (running === 0) return true;
    if (running >= maxInFlight) return false;
    return waiting.length >= extraWriterAt.items || waitingBytes >= extraWriterAt.bytes;
  }

  function takeGroup(): WaitingItem<T>[] {
    let size = 0;
    let count = 0;
    while (count < Math.min(waiting.length, maxItems)) {
      size += sizeOf(waiting[count]!.item);
      if (count > 0 && size > maxBytes) break;
      count += 1;
    }
    const group = waiting.splice(0, count);
    for (const { item } of group) waitingBytes -= sizeOf(item);
    return group;
  }

  async function flush(): Promise<void> {
    running += 1;
    while (waiting.length) {
      const group = takeGroup();
      await writeGroup(write, group);
      for (const { item } of group) bytes -= sizeOf(item);
    }
    running -= 1;
    if (running === 0) for (const resolve of idleListeners.splice(0)) resolve();
  }

  return {
    add(item) {
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        bytes += sizeOf(item);
        waitingBytes += sizeOf(item);
        if (needsWriter()) void flush();
      });
    },
    pendingBytes: () => bytes,
    whenIdle: () =>
      running === 0 ? Promise.resolve() : new Promise((resolve) => idleListeners.push(resolve)),
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
