import { draw } from './draw.ts';
import type { QrQuery } from './qr-query.ts';

/** Entry point of the worker threads: a large code takes tens of milliseconds. */
export default function drawInThread({ data, query }: { data: string; query: QrQuery }) {
  return draw(data, query);
}
