import { isoTime, type Page, type Paged } from '@oriontel/contracts';
import { z } from 'zod';

export const API_VERSION = '1.0';

const Meta = z.object({
  timestamp: z.iso.datetime(),
  version: z.string(),
  /** Lists with a cursor: pass it as `cursor` to read the next page. Null on the last page. */
  next_cursor: z.string().nullable().optional(),
});

const Pagination = z.object({
  limit: z.int(),
  offset: z.int(),
  total: z.int().meta({ description: 'Number of items in the whole list' }),
});

/** Schema of a success response of OrionTel routes: `{data, meta}`. */
export function Enveloped<T extends z.ZodType>(data: T) {
  return z.object({ data, meta: Meta });
}

export function envelope<T>(data: T, extraMeta: { next_cursor?: string | null } = {}) {
  return {
    data,
    meta: { timestamp: isoTime(new Date()), version: API_VERSION, ...extraMeta },
  };
}

/** Schema of data that contains a page of a list; `meta.pagination` has its position. */
export function EnvelopedWithPage<T extends z.ZodType>(data: T) {
  return z.object({ data, meta: Meta.extend({ pagination: Pagination }) });
}

/** Schema of a page of a list; `meta.pagination` has its position. */
export function EnvelopedPage<T extends z.ZodType>(item: T) {
  return EnvelopedWithPage(z.array(item));
}

export function envelopePage<T, U>({ items, total }: Paged<T>, page: Page, present: (item: T) => U) {
  return envelopeWithPage(items.map(present), page, total);
}

export function envelopeWithPage<T>(data: T, { limit, offset }: Page, total: number) {
  const { meta } = envelope(data);
  return { data, meta: { ...meta, pagination: { limit, offset, total } } };
}
