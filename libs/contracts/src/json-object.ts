import { z } from 'zod';
import { isStorableText, required, STORABLE_TEXT_MESSAGE } from './fields.ts';

const MAX_JSON_BYTES = 64 * 1024;
const MAX_DEPTH = 32;

/**
 * A refinement for objects with unknown members: PostgreSQL must be able to store them, within the limits
 * above.
 */
export function checkStorable(value: Record<string, unknown>, context: z.core.$RefinementCtx): void {
  const problem = problemOf(value);
  if (problem) context.addIssue({ code: 'custom', message: problem });
}

/** A free-form JSON object: 64 KiB, 32 levels, storable in PostgreSQL. */
export const JsonObject = z
  .record(z.string(), z.unknown(), required('must be an object'))
  .superRefine(checkStorable);
export type JsonObject = z.output<typeof JsonObject>;

/** Iterative: a body can be nested deeper than the call stack. */
function problemOf(object: Record<string, unknown>): string | null {
  let level: unknown[] = [object];
  for (let depth = 0; level.length; depth += 1) {
    if (depth > MAX_DEPTH) return `must not be nested deeper than ${MAX_DEPTH} levels`;
    const objects = level.filter((value): value is object => typeof value === 'object' && value !== null);
    const texts = [...level, ...objects.flatMap((value) => (Array.isArray(value) ? [] : Object.keys(value)))];
    if (texts.some((text) => typeof text === 'string' && !isStorableText(text))) return STORABLE_TEXT_MESSAGE;
    if (level.some((value) => typeof value === 'number' && !Number.isFinite(value)))
      return 'must not contain numbers larger than 1.7e308';
    level = objects.flatMap((value) => Object.values(value) as unknown[]);
  }
  return Buffer.byteLength(JSON.stringify(object)) > MAX_JSON_BYTES
    ? `must be at most ${MAX_JSON_BYTES} bytes of JSON`
    : null;
}
