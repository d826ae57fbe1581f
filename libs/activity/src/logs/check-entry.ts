import type { Problem } from '@oriontel/contracts';
import { TOO_FAR_AHEAD_MESSAGE, isTooFarAhead } from '../is-too-far-ahead.ts';
import { NewLogEntry } from './log-entry.ts';
import type { ImportedEntry } from './logs-intake.ts';

export type CheckedEntry =
  | { kind: 'good'; entry: Omit<ImportedEntry, 'id'> }
  /** `shape`: it is no log entry; `impossible`: it is one, of what cannot be. */
  | { kind: 'shape' | 'impossible'; problems: Problem[] };

/** `now`: milliseconds since 1970. */
export function checkEntry(given: unknown, now: number): CheckedEntry {
  const read = NewLogEntry.safeParse(given, { reportInput: false });
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    return { kind: 'shape', problems: problems.map(wholeEntry) };
  }
  const { timestamp, type, level, message, details = null } = read.data;
  if (details && hasPrototype((given as NewLogEntry).details!))
    return { kind: 'shape', problems: [{ field: 'details', message: 'must not have a member __proto__' }] };
  const at = new Date(timestamp);
  if (isTooFarAhead(at, now))
    return { kind: 'impossible', problems: [{ field: 'timestamp', message: TOO_FAR_AHEAD_MESSAGE }] };
  return { kind: 'good', entry: { at: at.toISOString(), type, level, message, details } };
}

function wholeEntry({ field, message }: Problem): Problem {
  return field ? { field, message } : { field, message: 'must be a log entry, an object' };
}

/** Zod would leave it out. */
const hasPrototype = (details: object): boolean => Object.hasOwn(details, '__proto__');
