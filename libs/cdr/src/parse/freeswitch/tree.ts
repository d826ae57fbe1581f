/** A parsed FreeSWITCH document, JSON or XML: named members, XML attributes included. */
export type Tree = Record<string, unknown>;

const MAX_TEXT_CHARS = 255;

export function asTree(value: unknown): Tree | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : null;
}

/** Own members only: a variable may be named `toString`. */
export function memberOf(tree: Tree | null, name: string): unknown {
  return tree !== null && Object.hasOwn(tree, name) ? tree[name] : undefined;
}

export function childOf(tree: Tree | null, name: string): Tree | null {
  return asTree(memberOf(tree, name));
}

/** The values of a member that may be missing, single or repeated. */
export function listOf(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

/** The text of a member, the last one if it is repeated; null if it is not text. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return textOf(value.filter((item) => !Array.isArray(item)).at(-1));
  return value === undefined || value === null ? null : textOf(memberOf(asTree(value), '#text'));
}

/** PostgreSQL text cannot contain NUL. */
export function withoutNul(text: string): string {
  return text.replaceAll('\0', '').trim();
}

/**
 * Text that can be stored: trimmed, without NUL, at most 255 characters, no split surrogate pair; null if
 * empty.
 */
export function cleanText(text: string | null): string | null {
  if (text === null) return null;
  const clean = withoutNul(text);
  return (
    (clean.length > MAX_TEXT_CHARS
      ? clean.slice(0, MAX_TEXT_CHARS).replace(/[\uD800-\uDBFF]$/, '')
      : clean) || null
  );
}
