import { createTransport } from 'nodemailer';
import type { Outcome, SendEmail } from '../deliveries/sender.ts';
import type { Mailbox } from './mailbox.ts';
import { smtpOutcome } from './smtp-outcome.ts';
import { writeEmail } from './write-email.ts';

export interface EmailSenderOptions {
  /** smtp:// or smtps://, with user and password where the server asks for them. */
  url: string;
  from: Mailbox;
  /** Milliseconds for one email, from the connection to the server's answer; default 15,000. */
  deadline?: number;
}

export interface EmailSender {
  send: SendEmail;
  close: () => void;
}

/** Connections to the mail server at once. */
const CONNECTIONS = 4;

/** Sends emails through a mail server: over a few connections that are kept, each email to one receiver. */
export const openEmailSender = ({ url, from, deadline = 15_000 }: EmailSenderOptions): EmailSender => {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    maxRequeues: 1,
    connectionTimeout: deadline,
    greetingTimeout: deadline,
    socketTimeout: deadline,
    dnsTimeout: deadline,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async (delivery, signal): Promise<Outcome> => {
      // A server may trickle its answers, which none of the timeouts above notices.
      const patience = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
      try {
        const { response } = await transport.sendMail({ ...writeEmail(delivery, from), signal: patience });
        return { result: 'taken', status: 250, response: response.slice(0, 1_024) };
      } catch (error) {
        signal.throwIfAborted();
        return smtpOutcome(error);
      }
    },
    close: () => transport.close({ force: true }),
  };
};
