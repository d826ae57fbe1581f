import { EntityName, isStorableText, required } from '@oriontel/contracts';
import { z } from 'zod';
import { EVERY_TYPE } from './webhook.ts';

const URL_RULE = 'must be an http:// or https:// URL of at most 2048 characters, without user and password';
const MAX_URL_LENGTH = 2_048;

/** As it will be called: with its host in ASCII, and without what a URL parser drops. */
function parseUrl(text: string): string | null {
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) return null;
  const url = new URL(text);
  const isOurs = url.protocol === 'https:' || url.protocol === 'http:';
  if (!isOurs || url.username || url.password) return null;
  url.hash = '';
  return url.href.length > MAX_URL_LENGTH ? null : url.href;
}

/** Whether its address is private is found out when it is called: what a name leads to may change. */
export const WebhookUrl = z
  .string(required(URL_RULE))
  .refine((text) => parseUrl(text) !== null, URL_RULE)
  .meta({ description: 'http or https: over http whoever is between reads what is told' });

const TYPES_RULE = 'must be 1 to 100 names of event types, or *';

export const EventTypes = z
  .array(z.union([z.literal(EVERY_TYPE), EntityName], TYPES_RULE), required(TYPES_RULE))
  .min(1, TYPES_RULE)
  .max(100, TYPES_RULE)
  .meta({
    description:
      'Exact names; * is every event that wants to be told. notification.sms must be named: the text messages of the notifier',
  });

// Not by transforming: the schema of a body that does is documented without its examples.
export function normalizeUrl(url: string): string {
  return parseUrl(url) ?? url;
}
export function uniqueTypes(types: string[]): string[] {
  return [...new Set(types)];
}

export const Description = z
  .string('must be text')
  .trim()
  .max(255, 'must be at most 255 characters')
  .refine(isStorableText, 'must not contain NUL characters or halves of characters')
  .nullable();
