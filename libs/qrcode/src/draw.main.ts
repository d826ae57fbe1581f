import { draw } from './draw.ts';
import type { QrQuery } from './qr-query.ts';

/** What a thread of the pool does: drawing a large code takes tens of milliseconds. */
export default ({ data, query }: { data: string; query: QrQuery }) => draw(data, query);
