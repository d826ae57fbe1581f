import { ORG_ID } from './load-audit-events.ts';
import type { BenchApps } from './stack.ts';

export interface Figures {
  /** Milliseconds. */
  p50: number;
  p95: number;
  hits: number;
}

interface SearchResponse {
  pagination: { total_records: number; next_cursor: string | null };
}

const WARM_UP_REQUESTS = 30;
const MEASURED_REQUESTS = 300;

async function requestSearch({ baseUrl, token }: BenchApps, body: object): Promise<SearchResponse> {
  const answer = await fetch(`${baseUrl}/eventlog/${ORG_ID}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as SearchResponse;
}

/** The same searches again and again, in turns, so that what else the machine does slows all alike. */
export async function measureSearch(asked: { apps: BenchApps; body: object }[]): Promise<Figures[]> {
  const measured = asked.map(() => ({ times: [] as number[], hits: 0 }));
  for (let i = -WARM_UP_REQUESTS; i < MEASURED_REQUESTS; i += 1) {
    for (const [index, { apps, body }] of asked.entries()) {
      const started = performance.now();
      const { pagination } = await requestSearch(apps, body);
      if (i >= 0) measured[index]!.times.push(performance.now() - started);
      measured[index]!.hits = pagination.total_records;
    }
  }
  return measured.map(({ times, hits }) => {
    times.sort((a, b) => a - b);
    return {
      p50: times[Math.floor(MEASURED_REQUESTS * 0.5)]!,
      p95: times[Math.floor(MEASURED_REQUESTS * 0.95)]!,
      hits,
    };
  });
}

/** A search that goes on so many events down the list. */
export async function deepCursor(apps: BenchApps, depth: number): Promise<object> {
  let cursor: string | null = null;
  for (let read = 0; read < depth; read += 500) {
    const { pagination } = await requestSearch(apps, { per_page: 500, ...(cursor && { cursor }) });
    cursor = pagination.next_cursor;
  }
  return { cursor, per_page: 50 };
}
