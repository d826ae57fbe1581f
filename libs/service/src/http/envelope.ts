import { isoTime, type Page, type Paged } from '@oriontel/contracts';
import { z } from 'zod';

export const API_VERSION = '1.0';

const Meta = z.object({
  timestamp: z.iso.datetime(),
  version: z.string(),
  /** Lists that go on: hand it back as `cursor`. Null on the last page. */
  next_cursor: z.string().nullable().optional(),
});

const Pagination = z.object({
  limit: z.int(),
  offset: z.int(),
  total: z.int().meta({ description: 'Of the whole list, all pages together' }),
});

/** The success of OrionTel routes: `{data, meta}`. */
export const Enveloped = <T extends z.ZodType>(data: T) => z.object({ data, meta: Meta });

export const envelope = <T>(data: T, more: { next_cursor?: string | null } = {}) => ({
  data,
  meta: { timestamp: isoTime(new Date()), version: API_VERSION, ...more },
});

/** Data with a list in it that has pages: `meta.pagination` tells which part of it this is. */
export const EnvelopedWithPage = <T extends z.ZodType>(data: T) =>
  z.object({ data, meta: Meta.extend({ pagination: Pagination }) });

/** A list with pages. */
export const EnvelopedPage = <T extends z.ZodType>(item: T) => EnvelopedWithPage(z.array(item));

export const envelopePage = <T, U>({ items, total }: Paged<T>, page: Page, present: (item: T) => U) =>
  envelopeWithPage(items.map(present), page, total);

export const envelopeWithPage = <T>(data: T, { limit, offset }: Page, total: number) => {
  const { meta } = envelope(data);
  return { data, meta: { ...meta, pagination: { limit, offset, total } } };
};
