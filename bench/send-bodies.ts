import autocannon from 'autocannon';

/** One request of a load. */
export interface Body {
  method: 'POST' | 'PUT';
  /** With its query. */
  path: string;
  body: string;
  /** CDRs or events in it. */
  records: number;
}

export interface Load {
  baseUrl: string;
  token: string;
  bodies: Body[];
  connections: number;
  /** Requests per second over all connections. Default: as many as are answered. */
  requestsPerSecond?: number;
}

export interface LoadResult {
  /** Until the last response. */
  seconds: number;
  /** Latency of the responses. */
  p50Ms: number;
  p99Ms: number;
}

const REQUEST_TIMEOUT_SECONDS = 60;

/**
 * Sends every body once over keep-alive connections.
 * @throws Error if a response is not 2xx, or a request fails or times out.
 */
export async function sendBodies(load: Load): Promise<LoadResult> {
  const { baseUrl, token, bodies, connections, requestsPerSecond } = load;
  const unsent = [...bodies].reverse();
  const started = performance.now();
  let lastResponseAt = started;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url: baseUrl,
        connections: Math.min(connections, bodies.length),
        amount: bodies.length,
        timeout: REQUEST_TIMEOUT_SECONDS,
        ...(requestsPerSecond && { overallRate: requestsPerSecond }),
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        requests: [
          {
            setupRequest(request) {
              const { method, path, body } = unsent.pop() ?? bodies[0]!;
              return { ...request, method, path, body };
            },
          },
        ],
      },
      (error: Error | null, done) => (error ? reject(error) : resolve(done)),
    );
    // autocannon ends on a full second, too coarse for a rate.
    run.on('response', () => (lastResponseAt = performance.now()));
  });
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed) throw new Error(`${failed} of ${bodies.length} requests to ${baseUrl} failed`);
  const { p50, p99 } = result.latency;
  return { seconds: (lastResponseAt - started) / 1000, p50Ms: p50, p99Ms: p99 };
}
