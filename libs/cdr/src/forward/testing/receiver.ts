import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { readRequest, startTestServer } from '@oriontel/outbound/testing';
import { behaviors, type Behavior } from './behaviors.ts';

export interface ReceivedBatch {
  key: string;
  headers: IncomingHttpHeaders;
  body: {
    sgapi_reference: string;
    batch_id: string;
    org_id: number;
    source: string;
    records: Record<string, unknown>[];
  };
  /** Whether the signature is valid, verified as the API document describes it. */
  signed: boolean;
}

export interface TestReceiver {
  url: string;
  /** The batches that it responded to with success, in order. */
  received: ReceivedBatch[];
  /** Number of all requests. */
  attempts: () => number;
  /** The most concurrent requests with one key. */
  maxConcurrent: () => number;
  /** How it responds from now on; `fine`: 201 with a reference. */
  setBehavior: (behavior: Behavior | 'fine' | ((response: ServerResponse) => unknown)) => void;
  /** Refuses connections … */
  down: () => Promise<void>;
  /** … and accepts them again at the same address. */
  up: () => Promise<void>;
  stop: () => Promise<void>;
}

const MAX_CLOCK_SKEW_SECONDS = 300;

function isSigned(header: unknown, body: string, secret: string): boolean {
  const { t, v1 } = Object.fromEntries(
    String(header)
      .split(',')
      .map((part) => part.split('=')),
  ) as { t?: string; v1?: string };
  const expected = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  return v1 === expected && Math.abs(Number(t) - Date.now() / 1000) < MAX_CLOCK_SKEW_SECONDS;
}

/** A remote Service Gateway on 127.0.0.1 that can be made to fail. */
export async function startTestReceiver(secret: string): Promise<TestReceiver> {
  const received: ReceivedBatch[] = [];
  const inFlight = new Map<string, number>();
  let attempts = 0;
  let maxConcurrent = 0;
  let misbehave: ((response: ServerResponse) => unknown) | null = null;

  function countInFlight(key: string, response: ServerResponse): void {
    attempts += 1;
    const count = (inFlight.get(key) ?? 0) + 1;
    inFlight.set(key, count);
    maxConcurrent = Math.max(maxConcurrent, count);
    response.on('close', () => inFlight.set(key, inFlight.get(key)! - 1));
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = String(request.headers['idempotency-key']);
    countInFlight(key, response);
    const text = await readRequest(request);
    if (misbehave) return void misbehave(response);
    const signed = isSigned(request.headers['x-oriontel-signature'], text, secret);
    const body = JSON.parse(text) as ReceivedBatch['body'];
    received.push({ key, headers: request.headers, body, signed });
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ reference: `remote-${key}` }));
  }

  const { url, down, up, close } = await startTestServer(receive);
  return {
    url: `${url}batches`,
    received,
    attempts: () => attempts,
    maxConcurrent: () => maxConcurrent,
    setBehavior(behavior) {
      if (behavior === 'fine') misbehave = null;
      else misbehave = typeof behavior === 'string' ? behaviors[behavior] : behavior;
    },
    down,
    up,
    stop: close,
  };
}
