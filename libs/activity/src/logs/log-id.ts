import { hash } from 'node:crypto';
import type { ImportedEntry } from './logs-intake.ts';

/**
 * The id of an entry, equal for duplicates: a hash of organization, entity, time, type, message and details.
 * Level, source and the order of members in details do not count.
 */
export function contentId(
  orgId: number,
  entity: string,
  { at, type, message, details }: Omit<ImportedEntry, 'id' | 'level'>,
): string {
  return hashToUuid(`${JSON.stringify([orgId, entity, at, type, message])}${canonicalJson(details)}`);
}

/**
 * The id of a duplicate that is stored because its import disables deduplication: a hash of the import and
 * the entry's index in it. log.repository.ts computes the same in SQL.
 */
export function repeatId(importId: string, index: number): string {
  return hashToUuid(`${importId}/${index}`);
}

/** The first 128 bits of SHA-256, in the format of a UUID. */
function hashToUuid(text: string): string {
  return hash('sha256', text, 'hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** JSON with sorted members. The recursion is bounded, because JsonObject limits the depth. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
