import { Mailbox } from '@oriontel/notifications';
import { IntakeConfig } from '@oriontel/intake';
import { readConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

function isSmtpUrl(url: string): boolean {
  return URL.canParse(url) && /^smtps?:$/.test(new URL(url).protocol) && new URL(url).hostname !== '';
}

export const WorkerConfig = IntakeConfig.extend({
  WEBHOOKS_ALLOW_PRIVATE: z
    .enum(['on', 'off'], 'must be on or off')
    .default('off')
    .describe("Allows webhooks to private addresses: for receivers in the operator's own network."),
  SMTP_URL: z
    .string()
    .refine(isSmtpUrl, 'must be an smtp:// or smtps:// URL, like smtps://user:password@mail.example.com')
    .optional()
    .describe('Mail server: `smtps://user:password@mail.example.com`. Not set: no emails are sent.'),
  SMTP_FROM: Mailbox.optional().describe('Sender of emails; required with SMTP_URL.'),
}).refine(({ SMTP_URL, SMTP_FROM }) => SMTP_URL === undefined || SMTP_FROM !== undefined, {
  path: ['SMTP_FROM'],
  message: 'must be set if SMTP_URL is set',
});
export type WorkerConfig = z.output<typeof WorkerConfig>;

export function readWorkerConfig(env: Environment): WorkerConfig {
  return readConfig(WorkerConfig, env);
}

/** The mail server and the sender of emails; undefined if none is configured. */
export function mailServerOf({ SMTP_URL: url, SMTP_FROM: from }: WorkerConfig) {
  return url !== undefined && from !== undefined ? { url, from } : undefined;
}
