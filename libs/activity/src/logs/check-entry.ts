import type { Problem } from '@oriontel/contracts';
import { NewLogEntry } from './log-entry.ts';
import type { ImportedEntry } from './logs-intake.ts';

export type CheckedEntry =
  | { kind: 'good'; entry: Omit<ImportedEntry, 'id'> }
  /** `shape`: it is no log entry; `impossible`: it is one, of what cannot be. */
  | { kind: 'shape' | 'impossible'; problems: Problem[] };

/** Milliseconds by which the clock of whoever logs may be ahead of ours. */
const AHEAD = 24 * 60 * 60 * 1_000;

/** `now`: milliseconds since 1970. */
export const checkEntry = (given: unknown, now: number): CheckedEntry => {
  const read = NewLogEntry.safeParse(given, { reportInput: false });
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    return { kind: 'shape', problems: problems.map(wholeEntry) };
  }
  const { timestamp, type, level, message, details = null } = read.data;
  const problem = details && unkept((given as NewLogEntry).details!);
  if (problem) return { kind: 'shape', problems: [{ field: 'details', message: problem }] };
  const at = new Date(timestamp);
  if (at.getTime() > now + AHEAD) {
    const problems = [{ field: 'timestamp', message: 'must not be more than a day in the future' }];
    return { kind: 'impossible', problems };
  }
  return { kind: 'good', entry: { at: at.toISOString(), type, level, message, details } };
};

const wholeEntry = ({ field, message }: Problem): Problem =>
  field ? { field, message } : { field, message: 'must be a log entry, an object' };

/** What JSON can say and would be lost when it is written again. */
const unkept = (details: object): string | null => {
  if (Object.hasOwn(details, '__proto__')) return 'must not have a member __proto__';
  return isFinite(details) ? null : 'must not hold numbers larger than 1.7e308';
};

const isFinite = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value !== 'object' || value === null || Object.values(value).every(isFinite);
