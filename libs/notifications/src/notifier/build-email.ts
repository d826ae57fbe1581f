import type { SendMailOptions } from 'nodemailer';
import { z } from 'zod';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';
import { cleanLine, cleanText } from './clean-text.ts';
import type { Mailbox } from './mailbox.ts';

const Message = z.object({ subject: z.string(), text: z.string() });

/**
 * An email of a notification. It goes out with the same Message-ID and date each time that it is tried (RFC 5322, 3.6.4), so that
 * whoever gets it twice can tell; and says that a program wrote it (RFC 3834), so that no other program answers.
 */
export function buildEmail(
  { id, receiver, message, createdAt }: Pick<OutgoingDelivery, 'id' | 'receiver' | 'message' | 'createdAt'>,
  from: Mailbox,
): SendMailOptions {
  const { subject, text } = Message.parse(message);
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  return {
    from,
    // As an object it is one address, whatever characters it has: a text would be read as a list.
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
