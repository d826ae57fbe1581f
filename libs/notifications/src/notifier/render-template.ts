import { isoTime } from '@oriontel/contracts';
import type { NotifiableEvent } from '../notifiable-event.ts';
import { cleanText, truncateText } from './clean-text.ts';

/** The event fields that a template can name. */
export type TemplateEvent = Pick<NotifiableEvent, 'type' | 'entity' | 'at' | 'data'>;

const PLACEHOLDER = /\{\{([^{}]{1,256})\}\}/g;

/**
 * Replaces the {{names}} of a template: by fields of the event's data, nested ones as {{a.b}}, else by its
 * type, entity or timestamp; unknown names by nothing. Inserted values are not parsed as templates. Returns
 * at most `maxLength` UTF-16 units.
 */
export function renderTemplate(template: string, event: TemplateEvent, maxLength: number): string {
  const eventFields = { type: event.type, entity: event.entity, timestamp: isoTime(new Date(event.at)) };
  let text = '';
  let rest = 0;
  for (const { 0: whole, 1: name, index } of template.matchAll(PLACEHOLDER)) {
    // One value may have 64 KB, and a template may name it a thousand times.
    if (text.length > maxLength) break;
    const value = readField(event.data, name!.trim()) ?? readField(eventFields, name!.trim());
    text += cleanText(template.slice(rest, index)) + cleanText(formatValue(value).slice(0, maxLength + 1));
    rest = index + whole.length;
  }
  return truncateText(text + cleanText(template.slice(rest)), maxLength).toWellFormed();
}

/** A field by its whole name, else by its path. Own properties only: {{constructor}} is not a field. */
function readField(data: object, name: string): unknown {
  if (Object.hasOwn(data, name)) return (data as Record<string, unknown>)[name];
  let found: unknown = data;
  for (const part of name.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
