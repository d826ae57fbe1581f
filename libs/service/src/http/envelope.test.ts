import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  EnvelopedWithPage,
  envelopePage,
  envelopeWithPage,
} from './envelope.ts';

const page = { limit: 2, offset: 4 };

test('envelope adds time and version, and a cursor if given', () => {
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
  expect(envelope('x')).toEqual({ data: 'x', meta: { timestamp: time, version: '1.0' } });
  expect(envelope([], { next_cursor: null }).meta).toEqual({
    timestamp: time,
    version: '1.0',
    next_cursor: null,
  });
  expect(Enveloped(z.string()).safeParse(envelope('x')).success).toBe(true);
});

test('envelopePage presents its items and states the position of the page', () => {
  const response = envelopePage({ items: [1, 2], total: 9 }, page, (n) => `#${n}`);
  expect(response.data).toEqual(['#1', '#2']);
  expect(response.meta.pagination).toEqual({ limit: 2, offset: 4, total: 9 });
  expect(EnvelopedPage(z.string()).safeParse(response).success).toBe(true);
});

test('envelopeWithPage keeps its data and states the position of the page', () => {
  const response = envelopeWithPage({ rows: [1] }, page, 9);
  expect(response.data).toEqual({ rows: [1] });
  expect(EnvelopedWithPage(z.object({ rows: z.array(z.int()) })).safeParse(response).success).toBe(true);
});
