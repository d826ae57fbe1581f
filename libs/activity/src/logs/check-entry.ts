import type { Problem } from '@oriontel/contracts';
import { TOO_FAR_AHEAD_MESSAGE, isTooFarAhead } from '../is-too-far-ahead.ts';
import { NewLogEntry } from './log-entry.ts';
import type { ImportedEntry } from './logs-intake.ts';

export type CheckedEntry =
  | { kind: 'valid'; entry: Omit<ImportedEntry, 'id'> }
  /** `malformed`: does not match the schema. `impossible`: matches it, but its values cannot be true. */
  | { kind: 'malformed' | 'impossible'; problems: Problem[] };

/** Validates one entry of an import. `now`: milliseconds since 1970. */
export function checkEntry(value: unknown, now: number): CheckedEntry {
  const parsed = NewLogEntry.safeParse(value, { reportInput: false });
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    return { kind: 'malformed', problems: problems.map(explainNonObject) };
  }
  const { timestamp, type, level, message, details = null } = parsed.data;
  if (details && hasProtoMember((value as NewLogEntry).details!)) {
    const problem = { field: 'details', message: 'must not have a member __proto__' };
    return { kind: 'malformed', problems: [problem] };
  }
  const at = new Date(timestamp);
  if (isTooFarAhead(at, now))
    return { kind: 'impossible', problems: [{ field: 'timestamp', message: TOO_FAR_AHEAD_MESSAGE }] };
  return { kind: 'valid', entry: { at: at.toISOString(), type, level, message, details } };
}

/** A problem without a field concerns the entry as a whole. */
function explainNonObject({ field, message }: Problem): Problem {
  return field ? { field, message } : { field, message: 'must be a log entry, a JSON object' };
}

/** Zod drops this member silently, so it is checked on the raw value. */
function hasProtoMember(details: object): boolean {
  return Object.hasOwn(details, '__proto__');
}
