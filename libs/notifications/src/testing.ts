import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** An email as it went over the wire. */
export interface ReceivedEmail {
  from: string;
  to: string[];
  /** Headers and body, lines ending in CRLF. */
  raw: string;
}

export interface MailServer {
  url: string;
  port: number;
  received: ReceivedEmail[];
  close: () => Promise<void>;
}

/** A mail server for tests, without TLS and for everybody, as far as `options` do not say otherwise. `port` 0: any. */
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
  // A client that hangs up is none of the tests' business.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: own } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${own}`,
    port: own,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

export { hang, startReceiver, type Receiver } from './webhooks/testing.ts';
export { startTestDeliveryWorker } from './deliveries/testing.ts';
