import { ORG_ID } from './load-audit-events.ts';
import type { BenchApps } from './stack.ts';
import { quantile } from './statistics.ts';

export interface Search {
  apps: BenchApps;
  /** The request body. */
  body: object;
}

export interface Figures {
  /** Response time in milliseconds, median. */
  p50: number;
  /** Response time in milliseconds, 95th percentile. */
  p95: number;
  hits: number;
}

interface SearchResponse {
  pagination: { total_records: number; next_cursor: string | null };
}

const WARM_UP_REQUESTS = 30;
const MEASURED_REQUESTS = 300;
const CURSOR_PAGE_SIZE = 500;

async function requestSearch({ baseUrl, token }: BenchApps, body: object): Promise<SearchResponse> {
  const url = `${baseUrl}/eventlog/${ORG_ID}`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as SearchResponse;
}

/** Repeats the searches, alternating, so that other load on the machine slows all alike. */
export async function measureSearch(searches: Search[]): Promise<Figures[]> {
  const measured = searches.map(() => ({ times: [] as number[], hits: 0 }));
  for (let i = -WARM_UP_REQUESTS; i < MEASURED_REQUESTS; i += 1) {
    for (const [index, { apps, body }] of searches.entries()) {
      const started = performance.now();
      const { pagination } = await requestSearch(apps, body);
      if (i >= 0) measured[index]!.times.push(performance.now() - started);
      measured[index]!.hits = pagination.total_records;
    }
  }
  return measured.map(({ times, hits }) => ({
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    hits,
  }));
}

/** A search body whose cursor starts after this many events. */
export async function deepCursor(apps: BenchApps, depth: number): Promise<object> {
  let cursor: string | null = null;
  for (let read = 0; read < depth; read += CURSOR_PAGE_SIZE) {
    const { pagination } = await requestSearch(apps, {
      per_page: CURSOR_PAGE_SIZE,
      ...(cursor && { cursor }),
    });
    cursor = pagination.next_cursor;
  }
  return { cursor, per_page: 50 };
}
