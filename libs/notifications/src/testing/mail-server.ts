import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** An email as it was transmitted. */
export interface ReceivedEmail {
  from: string;
  to: string[];
  /** Headers and body; lines end in CRLF. */
  raw: string;
}

export interface MailServer {
  url: string;
  port: number;
  received: ReceivedEmail[];
  close: () => Promise<void>;
}

/**
 * A mail server on 127.0.0.1, without TLS and authentication unless `options` say otherwise. `port` 0: any
 * free port.
 */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const received: ReceivedEmail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    closeTimeout: 1,
    logger: false,
    onData(stream, { envelope }, callback) {
      void text(stream).then((raw) => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        received.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw });
        callback();
      });
    },
    ...options,
  });
  // Clients that close their connection are not an error of the test.
  server.on('error', () => undefined);
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  const { port: actualPort } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${actualPort}`,
    port: actualPort,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
