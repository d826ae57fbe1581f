import { Email } from '@oriontel/contracts';
import addressparser from 'nodemailer/lib/addressparser';
import { z } from 'zod';
import { cleanLine } from './clean-text.ts';

/** The sender of emails: one address, optionally with a name before it (RFC 5322, 3.4). */
export const Mailbox = z.string().transform((text, context) => {
  const [mailbox, ...others] = addressparser(cleanLine(text), { flatten: true });
  const address = Email.safeParse(mailbox?.address);
  if (mailbox && !others.length && address.success) return { name: mailbox.name, address: address.data };
  context.addIssue('must be one email address, like OrionTel <no-reply@example.com>');
  return z.NEVER;
});
export type Mailbox = z.output<typeof Mailbox>;
