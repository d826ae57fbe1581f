/** What JSON and XML documents of FreeSWITCH have in common once parsed: named members, attributes among them. */
export type Tree = Record<string, unknown>;

const MAX_TEXT_CHARS = 255;

export function asTree(value: unknown): Tree | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : null;
}

/** Only what the document itself holds: a variable may be named `toString`. */
export function memberOf(tree: Tree | null, name: string): unknown {
  return tree !== null && Object.hasOwn(tree, name) ? tree[name] : undefined;
}

export function childOf(tree: Tree | null, name: string): Tree | null {
  return asTree(memberOf(tree, name));
}

/** A member that may be missing, single or repeated. */
export function listOf(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

/** The text of a member; null for what is no text. A repeated member counts by its last value. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return textOf(value.filter((item) => !Array.isArray(item)).at(-1));
  return value === undefined || value === null ? null : textOf(memberOf(asTree(value), '#text'));
}

/** PostgreSQL stores no NUL in a text. */
export function withoutNul(text: string): string {
  return text.replaceAll('\0', '').trim();
}

/**
 * Text fit to be kept: no NUL, no blanks around it, at most 255 characters and none of them cut in half; null when
 * nothing is left.
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
