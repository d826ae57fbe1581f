import { hash } from 'node:crypto';
import type { ImportedEntry } from './logs-intake.ts';

function asUuid(text: string): string {
  return hash('sha256', text, 'hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Of the first of all that say the same: level and source do not count, nor the order in which details stand. */
export function contentId(
  orgId: number,
  entity: string,
  { at, type, message, details }: Omit<ImportedEntry, 'id' | 'level'>,
): string {
  return asUuid(`${JSON.stringify([orgId, entity, at, type, message])}${canonicalJson(details)}`);
}

/** Of one that is kept though it says the same as another: its place in its import. log.repository.ts says the same in SQL. */
export function repeatId(importId: string, position: number): string {
  return asUuid(`${importId}/${position}`);
}

/** JSON whose members stand in one order. The levels are bounded by JsonObject. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
