import { EntityName, isStorableText, required } from '@oriontel/contracts';
import { z } from 'zod';
import { EVERY_TYPE } from './webhook.ts';

const URL_RULE = 'must be an http:// or https:// URL of at most 2048 characters, without user and password';
const MAX_URL_LENGTH = 2_048;

/** The URL as it will be requested: host in ASCII, without fragment. Null if it is not allowed. */
function parseUrl(text: string): string | null {
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) return null;
  const url = new URL(text);
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
  if (!isHttp || url.username || url.password) return null;
  url.hash = '';
  return url.href.length > MAX_URL_LENGTH ? null : url.href;
}

/** Private addresses are rejected when it is called, since DNS may change. */
export const WebhookUrl = z
  .string(required(URL_RULE))
  .refine((text) => parseUrl(text) !== null, URL_RULE)
  .meta({ description: 'http or https; http is not encrypted' });

const TYPES_RULE = 'must be 1 to 100 names of event types, or *';

export const EventTypes = z
  .array(z.union([z.literal(EVERY_TYPE), EntityName], TYPES_RULE), required(TYPES_RULE))
  .min(1, TYPES_RULE)
  .max(100, TYPES_RULE)
  .meta({
    description:
      'Exact names, or * for all events with notify. notification.sms (text messages) must be named',
  });

// Not a zod transform: the documented schema of a transformed body loses its examples.
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
  .refine(isStorableText, 'must not contain NUL characters or lone surrogates')
  .nullable();
