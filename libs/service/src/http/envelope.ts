import { isoTime } from '@oriontel/contracts';
import { z } from 'zod';

export const API_VERSION = '1.0';

const Meta = z.object({
  timestamp: z.iso.datetime(),
  version: z.string(),
  /** Lists that go on: hand it back as `cursor`. Null on the last page. */
  next_cursor: z.string().nullable().optional(),
});

/** The success of OrionTel routes: `{data, meta}`. */
export const Enveloped = <T extends z.ZodType>(data: T) => z.object({ data, meta: Meta });

export const envelope = <T>(data: T, more: { next_cursor?: string | null } = {}) => ({
  data,
  meta: { timestamp: isoTime(new Date()), version: API_VERSION, ...more },
});
