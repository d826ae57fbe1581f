import autocannon from 'autocannon';

export interface Load {
  url: string;
  token: string;
  bodies: string[];
  connections: number;
}

/**
 * Posts every body once over keep-alive connections. Returns the seconds until the last response.
 * @throws Error if a response is not 2xx, or a request fails or times out.
 */
export async function postBodies({ url, token, bodies, connections }: Load): Promise<number> {
  const unsent = [...bodies];
  const started = performance.now();
  let lastResponseAt = started;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url,
        method: 'POST',
        connections: Math.min(connections, bodies.length),
        amount: bodies.length,
        timeout: 60,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        requests: [{ setupRequest: (request) => ({ ...request, body: unsent.pop() ?? '{}' }) }],
      },
      (error: Error | null, done) => (error ? reject(error) : resolve(done)),
    );
    // autocannon ends on a full second, too coarse for a rate.
    run.on('response', () => (lastResponseAt = performance.now()));
  });
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed) throw new Error(`${failed} of ${bodies.length} requests to ${url} failed`);
  return (lastResponseAt - started) / 1000;
}
