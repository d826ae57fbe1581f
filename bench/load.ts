import autocannon from 'autocannon';

export interface Load {
  url: string;
  token: string;
  bodies: string[];
  connections: number;
}

/** Posts every body once over keep-alive connections. Returns the seconds until the last answer. @throws where one is not 2xx. */
export async function postBodies({ url, token, bodies, connections }: Load): Promise<number> {
  const left = [...bodies];
  const started = performance.now();
  let answered = started;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url,
        method: 'POST',
        connections: Math.min(connections, bodies.length),
        amount: bodies.length,
        timeout: 60,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        requests: [{ setupRequest: (request) => ({ ...request, body: left.pop() ?? '{}' }) }],
      },
      (error: Error | null, done) => (error ? reject(error) : resolve(done)),
    );
    // Its own end comes with the tick of a second.
    run.on('response', () => (answered = performance.now()));
  });
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed) throw new Error(`${failed} of ${bodies.length} requests to ${url} failed`);
  return (answered - started) / 1000;
}
