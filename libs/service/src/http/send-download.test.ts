import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import Fastify from 'fastify';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sendDownload } from './send-download.ts';

const PART = 'x'.repeat(256 * 1024);
/** More than the socket buffers of both sides hold. */
const PARTS = 200;

async function startDownload(idleTimeoutMs: number) {
  const onEnd = vi.fn();
  let read = 0;
  function* parts() {
    for (; read < PARTS; read += 1) yield PART;
  }
  const app = Fastify({ forceCloseConnections: true });
  app.get('/', (_request, reply) => sendDownload(reply, { parts: parts(), onEnd, idleTimeoutMs }));
  onTestFinished(() => app.close());
  const request = get(await app.listen({ port: 0, host: '127.0.0.1' }));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { response, onEnd, partsRead: () => read };
}

test('a download ends when its client reads nothing', async () => {
  const { response, onEnd, partsRead } = await startDownload(300);
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce(), { timeout: 5_000 });
  expect(partsRead()).toBeLessThan(PARTS);
  await expect(response.toArray()).rejects.toThrow('aborted');
  expect(response.complete).toBe(false);
});

test('a client that reads slowly gets everything', async () => {
  const { response, onEnd } = await startDownload(500);
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    if (length % (40 * PART.length) < (chunk as Buffer).length)
      await new Promise((done) => setTimeout(done, 250));
  }
  expect(length).toBe(PARTS * PART.length);
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce());
});
