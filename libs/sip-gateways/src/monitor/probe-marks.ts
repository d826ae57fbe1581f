import type { Database } from '@oriontel/database';
import { gatewayProbes } from './gateway-probe.repository.ts';

/** Milliseconds marks are gathered before they are written. */
const FLUSH_DELAY_MS = 100;

export interface ProbeMarks {
  /** The gateway of this key was sent OPTIONS just now. */
  add(key: string): void;
  /** Writes what is gathered. */
  flush(): Promise<void>;
}

/** Writes down when gateways were probed, many at a time; a mark that is lost costs one probe too many. */
export function createProbeMarks(db: Database, onError: (error: unknown) => void): ProbeMarks {
  let gathered: { key: string; at: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const now = performance.now();
    const marks = gathered.map(({ key, at }) => ({ key, ago: now - at }));
    gathered = [];
    if (marks.length) await gatewayProbes(db).mark(marks).catch(onError);
  }
  const flush = (): Promise<void> => (writing = writing.then(write));

  return {
    add(key) {
      gathered.push({ key, at: performance.now() });
      timer ??= setTimeout(() => void flush(), FLUSH_DELAY_MS);
    },
    flush,
  };
}
