import type { SendMailOptions } from 'nodemailer';
import { z } from 'zod';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';
import { cleanLine, cleanText } from './clean-text.ts';
import type { Mailbox } from './mailbox.ts';

const Message = z.object({ subject: z.string(), text: z.string() });

/**
 * The email of a notification. Every attempt has the same Message-ID and date (RFC 5322, 3.6.4), so that
 * receivers can detect duplicates. `Auto-Submitted` (RFC 3834) suppresses automatic replies.
 */
export function buildEmail(
  { id, receiver, message, createdAt }: Pick<OutgoingDelivery, 'id' | 'receiver' | 'message' | 'createdAt'>,
  from: Mailbox,
): SendMailOptions {
  const { subject, text } = Message.parse(message);
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  return {
    from,
    // An object is always one address; nodemailer would parse a string as a list.
    to: { name: '', address: receiver },
    messageId: `<${id}@${domain}>`,
    date: createdAt,
    subject: cleanLine(subject),
    text: cleanText(text),
    html: `<!doctype html><div style="white-space: pre-wrap">${escapeHtml(cleanText(text))}</div>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

const HTML_ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character]!);
}
