import { createTransport } from 'nodemailer';
import type { Outcome, SendEmail } from '../deliveries/sender.ts';
import type { Mailbox } from './mailbox.ts';
import { classifySmtpError } from './classify-smtp-error.ts';
import { buildEmail } from './build-email.ts';

export interface EmailSenderOptions {
  /** smtp:// or smtps://, with user and password where the server asks for them. */
  url: string;
  from: Mailbox;
  /** Milliseconds for one email, from the connection to the server's answer; default 15,000. */
  timeoutMs?: number;
}

export interface EmailSender {
  send: SendEmail;
  close: () => void;
}

/** Connections to the mail server at once. */
const MAX_CONNECTIONS = 4;

/** Sends emails through a mail server: over a few connections that are kept, each email to one receiver. */
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
  return {
    async send(delivery, signal): Promise<Outcome> {
      // A server may trickle its answers, which none of the timeouts above notices.
      const patience = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const { response } = await transport.sendMail({ ...buildEmail(delivery, from), signal: patience });
        return { result: 'taken', status: 250, response: response.slice(0, 1_024) };
      } catch (error) {
        signal.throwIfAborted();
        return classifySmtpError(error);
      }
    },
    close: () => transport.close({ force: true }),
  };
}
