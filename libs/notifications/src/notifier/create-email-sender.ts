import { createTransport } from 'nodemailer';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';
import type { Outcome, SendEmail } from '../deliveries/sender.ts';
import { buildEmail } from './build-email.ts';
import { classifySmtpError } from './classify-smtp-error.ts';
import type { Mailbox } from './mailbox.ts';

export interface EmailSenderOptions {
  /** smtp:// or smtps://, with user and password if the server requires them. */
  url: string;
  from: Mailbox;
  /** Limits one email, from connecting to the server's response. @default 15000 */
  timeoutMs?: number;
}

export interface EmailSender {
  send: SendEmail;
  close: () => void;
}

const MAX_CONNECTIONS = 4;
const MAX_STORED_RESPONSE_CHARS = 1_024;
const SMTP_OK = 250;

/** Sends emails through a mail server, each to one receiver, over a few pooled connections. */
export function createEmailSender({ url, from, timeoutMs = 15_000 }: EmailSenderOptions): EmailSender {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    maxRequeues: 1,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });

  async function send(delivery: OutgoingDelivery, signal: AbortSignal): Promise<Outcome> {
    // None of the timeouts above limits a server that trickles its responses.
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const { response } = await transport.sendMail({ ...buildEmail(delivery, from), signal: deadline });
      return {
        result: 'delivered',
        status: SMTP_OK,
        response: response.slice(0, MAX_STORED_RESPONSE_CHARS),
      };
    } catch (error) {
      signal.throwIfAborted();
      return classifySmtpError(error);
    }
  }

  return { send, close: () => transport.close({ force: true }) };
}
