import { z } from 'zod';
import { isStorableText, required } from './fields.ts';

/** Bytes of JSON. */
const MAX_JSON_BYTES = 64 * 1024;
const MAX_DEPTH = 32;

/** A refinement for objects with members that their schema does not know: what PostgreSQL can store, within bounds. */
export function checkStorable(value: Record<string, unknown>, context: z.core.$RefinementCtx): void {
  const problem = problemOf(value);
  if (problem) context.addIssue({ code: 'custom', message: problem });
}

/** Settings of somebody else's making: any JSON object that PostgreSQL can store, within bounds. */
export const JsonObject = z
  .record(z.string(), z.unknown(), required('must be an object'))
  .superRefine(checkStorable);
export type JsonObject = z.output<typeof JsonObject>;

/** Without recursion: a body can be nested deeper than the stack. */
function problemOf(object: Record<string, unknown>): string | null {
  let level: unknown[] = [object];
  for (let depth = 0; level.length; depth += 1) {
    if (depth > MAX_DEPTH) return `must not be nested deeper than ${MAX_DEPTH} levels`;
    const objects = level.filter((value): value is object => typeof value === 'object' && value !== null);
    const texts = [...level, ...objects.flatMap((value) => (Array.isArray(value) ? [] : Object.keys(value)))];
    if (texts.some((text) => typeof text === 'string' && !isStorableText(text)))
      return 'must not contain NUL characters or halves of characters';
    if (level.some((value) => typeof value === 'number' && !Number.isFinite(value)))
      return 'must not hold numbers larger than 1.7e308';
    level = objects.flatMap((value) => Object.values(value) as unknown[]);
  }
  return Buffer.byteLength(JSON.stringify(object)) > MAX_JSON_BYTES
    ? `must be at most ${MAX_JSON_BYTES} bytes of JSON`
    : null;
}
