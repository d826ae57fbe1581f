import { ORG } from './load-audit-events.ts';
import type { BenchStack } from './stack.ts';

export interface Figures {
  /** Milliseconds. */
  p50: number;
  p95: number;
  hits: number;
}

interface Answer {
  pagination: { total_records: number; next_cursor: string | null };
}

const WARM_UP = 30;
const REQUESTS = 300;

const ask = async (
  { baseUrl, token }: Pick<BenchStack, 'baseUrl' | 'token'>,
  body: object,
): Promise<Answer> => {
  const answer = await fetch(`${baseUrl}/eventlog/${ORG}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
};

/** The same search again and again, the answer read to its end each time. */
export const measureSearch = async (stack: BenchStack, body: object): Promise<Figures> => {
  const times: number[] = [];
  let hits = 0;
  for (let i = -WARM_UP; i < REQUESTS; i += 1) {
    const started = performance.now();
    const { pagination } = await ask(stack, body);
    if (i >= 0) times.push(performance.now() - started);
    hits = pagination.total_records;
  }
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(REQUESTS * 0.5)]!, p95: times[Math.floor(REQUESTS * 0.95)]!, hits };
};

/** A search that goes on so many events down the list. */
export const deepCursor = async (stack: BenchStack, depth: number): Promise<object> => {
  let cursor: string | null = null;
  for (let read = 0; read < depth; read += 500) {
    const { pagination } = await ask(stack, { per_page: 500, ...(cursor && { cursor }) });
    cursor = pagination.next_cursor;
  }
  return { cursor, per_page: 50 };
};
