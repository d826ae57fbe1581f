import { EntityName, isStorableText, required } from '@oriontel/contracts';
import { z } from 'zod';
import { EVERY_TYPE } from './webhook.ts';

const URL_RULE = 'must be an http:// or https:// URL of at most 2048 characters, without user and password';
const LONGEST_URL = 2_048;

/** As it will be called: with its host in ASCII, and without what a URL parser drops. */
const readUrl = (text: string): string | null => {
  if (text.length > LONGEST_URL || !URL.canParse(text)) return null;
  const url = new URL(text);
  const isOurs = url.protocol === 'https:' || url.protocol === 'http:';
  if (!isOurs || url.username || url.password) return null;
  url.hash = '';
  return url.href.length > LONGEST_URL ? null : url.href;
};

/** Whether its address is private is found out when it is called: what a name leads to may change. */
export const WebhookUrl = z
  .string(required(URL_RULE))
  .refine((text) => readUrl(text) !== null, URL_RULE)
  .meta({ description: 'http or https: over http whoever is between reads what is told' });

const TYPES = 'must be 1 to 100 names of event types, or *';

export const EventTypes = z
  .array(z.union([z.literal(EVERY_TYPE), EntityName], TYPES), required(TYPES))
  .min(1, TYPES)
  .max(100, TYPES)
  .meta({
    description:
      'Exact names; * is every event that wants to be told. notification.sms must be named: the text messages of the notifier',
  });

// Not by transforming: the schema of a body that does is documented without its examples.
export const tidyUrl = (url: string): string => readUrl(url) ?? url;
export const tidyTypes = (types: string[]): string[] => [...new Set(types)];

export const Description = z
  .string('must be text')
  .trim()
  .max(255, 'must be at most 255 characters')
  .refine(isStorableText, 'must not contain NUL characters or halves of characters')
  .nullable();
