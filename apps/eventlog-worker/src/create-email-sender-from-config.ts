import { createEmailSender, type EmailSender } from '@oriontel/notifications/worker';
import type { Logger } from '@oriontel/service';
import type { WorkerConfig } from './config.ts';

/** Undefined where no mail server is set, which is told. */
export function createEmailSenderFromConfig(
  { SMTP_URL: url, SMTP_FROM: from }: Pick<WorkerConfig, 'SMTP_URL' | 'SMTP_FROM'>,
  log: Logger,
): EmailSender | undefined {
  if (url && from) return createEmailSender({ url, from });
  log.info('no SMTP_URL: the emails of notifier rules are left out');
  return undefined;
}
