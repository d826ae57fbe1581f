import type { ServerResponse } from 'node:http';

/** Ways in which a receiver can fail. */
export const behaviors = {
  hangs: () => undefined,
  'resets the connection': (response) => response.socket!.resetAndDestroy(),
  'does not speak HTTP': (response) => response.socket!.end('SSH-2.0-OpenSSH_9.6\r\n'),
  'switches protocols': (response) => response.writeHead(101, { connection: 'upgrade', upgrade: 'x' }).end(),
  'responds 500': (response) => response.writeHead(500).end('Oops'),
  'responds 301': (response) => response.writeHead(301, { location: 'http://127.0.0.1:9/' }).end(),
  'responds 429': (response) => response.writeHead(429, { 'retry-after': '0' }).end(),
  'responds 200 and closes the connection': (response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{');
    setTimeout(() => response.destroy(), 5);
  },
  'trickles an endless body': (response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 10);
    response.on('close', () => clearInterval(timer));
  },
} satisfies Record<string, (response: ServerResponse) => unknown>;
export type Behavior = keyof typeof behaviors;

/** Sends an endless body as fast as the client reads. */
export function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const block = Buffer.alloc(16_384, ' ');
  function pour(): void {
    while (!response.destroyed && response.write(block));
  }
  response.on('drain', pour);
  pour();
}
