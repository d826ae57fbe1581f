import type { Database } from '@oriontel/database';
import { gatewayProbes } from './gateway-probe.repository.ts';

/** Marks are collected this long before they are written together. */
const FLUSH_DELAY_MS = 100;

export interface ProbeMarks {
  /** Records that the gateway with this key is probed now. */
  add(key: string): void;
  /** Writes the collected marks. */
  flush(): Promise<void>;
}

/** Records in batches when gateways were probed. A lost mark costs one extra probe after a takeover. */
export function createProbeMarks(db: Database, onError: (error: unknown) => void): ProbeMarks {
  let pending: { key: string; at: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let lastWrite: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const now = performance.now();
    const marks = pending.map(({ key, at }) => ({ key, ago: now - at }));
    pending = [];
    if (marks.length) await gatewayProbes(db).mark(marks).catch(onError);
  }
  function flush(): Promise<void> {
    lastWrite = lastWrite.then(write);
    return lastWrite;
  }

  return {
    add(key) {
      pending.push({ key, at: performance.now() });
      timer ??= setTimeout(() => void flush(), FLUSH_DELAY_MS);
    },
    flush,
  };
}
