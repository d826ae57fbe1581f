import { isoTime } from '@oriontel/contracts';
import type { NotifiableEvent } from '../notifiable-event.ts';
import { cleanText, truncateText } from './clean-text.ts';

/** What a template may speak of. */
export type TemplateEvent = Pick<NotifiableEvent, 'type' | 'entity' | 'at' | 'data'>;

const PLACEHOLDER = /\{\{([^{}]{1,256})\}\}/g;

/**
 * Puts members of the event into the {{names}} of a template: of its data, also nested ones by {{a.b}}, else its type, entity
 * and timestamp; nothing where there is no such. Text it is and text it stays: what an event brings is not read as a
 * template again. `most`: UTF-16 units of the outcome.
 */
export function renderTemplate(template: string, event: TemplateEvent, most: number): string {
  const known = { type: event.type, entity: event.entity, timestamp: isoTime(new Date(event.at)) };
  let text = '';
  let rest = 0;
  for (const { 0: whole, 1: name, index } of template.matchAll(PLACEHOLDER)) {
    // One value may be 64 KB, and a template may ask for it a thousand times.
    if (text.length > most) break;
    const value = memberOf(event.data, name!.trim()) ?? memberOf(known, name!.trim());
    text += cleanText(template.slice(rest, index)) + cleanText(textOf(value).slice(0, most + 1));
    rest = index + whole.length;
  }
  return truncateText(text + cleanText(template.slice(rest)), most).toWellFormed();
}

/** A member by its whole name, else by a path. Own members only: {{constructor}} is none. */
function memberOf(data: object, name: string): unknown {
  if (Object.hasOwn(data, name)) return (data as Record<string, unknown>)[name];
  let found: unknown = data;
  for (const part of name.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
