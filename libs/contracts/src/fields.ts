import { z } from 'zod';
import { MAX_ID } from './principal.ts';

/** A zod error message: `must`, prefixed with "is required" if the field is missing. */
export function required(must: string) {
  return {
    error: (issue: { input?: unknown }) => (issue.input === undefined ? `is required: ${must}` : must),
  };
}

/** PostgreSQL text cannot contain a NUL or a lone surrogate. */
export function isStorableText(value: string): boolean {
  return !value.includes('\0') && value.isWellFormed();
}

export const STORABLE_TEXT_MESSAGE = 'must not contain NUL characters or lone surrogates';

/** Text of 1 to `max` characters. */
export function text(max: number) {
  const must = `must be text of 1 to ${max} characters`;
  return z.string(required(must)).min(1, must).max(max, must).refine(isStorableText, STORABLE_TEXT_MESSAGE);
}

const TIME_MESSAGE = 'must be an ISO 8601 time with offset or Z, like 2024-01-15T10:30:00Z';

function isStorableTime(time: string): boolean {
  const year = new Date(time).getUTCFullYear();
  return year >= 1970 && year <= 9998;
}

export const time = z.iso
  .datetime({ offset: true, ...required(TIME_MESSAGE), abort: true })
  .refine(isStorableTime, 'must be a time in the years 1970 to 9998');

export const Email = z.email('must be an email address').max(254);

/** A display name. */
export const Label = z
  .string(required('must be text'))
  .trim()
  .min(1, 'must not be empty')
  .max(128, 'must be at most 128 characters')
  .refine(isStorableText, STORABLE_TEXT_MESSAGE);

const ID_MESSAGE = `must be a whole number from 1 to ${MAX_ID}`;

/** The id of an organization or a user in a request body. */
export const Id = z.int(required(ID_MESSAGE)).min(1, ID_MESSAGE).max(MAX_ID, ID_MESSAGE);

/** The id of an organization or a user in a path or query. */
export const IdText = z.coerce.number(ID_MESSAGE).int(ID_MESSAGE).min(1, ID_MESSAGE).max(MAX_ID, ID_MESSAGE);

export const seconds = z.number(required('must be a number of seconds, like 342'));

export function integerBetween(min: number, max: number) {
  const must = `must be a whole number from ${min} to ${max}`;
  return z.int(must).min(min, must).max(max, must);
}
