import type { Queryable } from '@oriontel/database';
import { findSmsWebhooks } from '../webhooks/create-webhook-deliveries.ts';
import { listReceivers, type PlannedNotification } from './list-receivers.ts';
import type { NotifierRule } from './notifier-rules.ts';
import type { OrgMatches, MatchedEvent } from './match-rules.ts';

/** Who can be told at all. The app hands `emailsOf` over. */
export interface RecipientLookup {
  /** By entity: whom to write to where a rule names nobody. */
  findEmails: (tx: Queryable, orgId: number, entities: string[]) => Promise<Map<string, string[]>>;
  /** Which channels lead anywhere. */
  channels: { email: boolean };
}

/** What the rules of an organization want told, and how much of it at most in an hour. */
export interface NotificationPlan {
  orgId: number;
  maxPerHour: number;
  wanted: PlannedNotification[];
  /** The events of which more was wanted than one event may bring. */
  truncated: MatchedEvent[];
}

/** Finds out whom to tell. */
export async function planNotifications(
  tx: Queryable,
  heard: OrgMatches[],
  reach: RecipientLookup,
): Promise<NotificationPlan[]> {
  const texting = await findSmsWebhooks(
    tx,
    heard.map(({ orgId }) => orgId),
  );
  const plans: NotificationPlan[] = [];
  for (const { orgId, orgRules, matched } of heard) {
    const emails = reach.channels.email ? await findDefaultEmails(tx, orgId, matched, reach) : null;
    const lists = matched.map((one) => {
      const receivers = {
        emails: emails && (emails.get(one.event.entity) ?? []),
        smsWebhooks: texting.get(orgId) ?? [],
      };
      return { one, ...listReceivers(one.event, one.rules, receivers) };
    });
    plans.push({
      orgId,
      maxPerHour: orgRules.maxPerHour,
      wanted: lists.flatMap(({ wanted }) => wanted),
      truncated: lists.filter(({ isCut }) => isCut).map(({ one }) => one),
    });
  }
  return plans;
}

/** Whom to write to for the entities of those events whose rules leave it open. */
async function findDefaultEmails(
  tx: Queryable,
  orgId: number,
  told: MatchedEvent[],
  { findEmails }: RecipientLookup,
): Promise<Map<string, string[]>> {
  const open = told.filter(({ rules }) => rules.some(usesDefaultRecipients)).map(({ event }) => event.entity);
  return open.length ? findEmails(tx, orgId, [...new Set(open)]) : new Map<string, string[]>();
}

function usesDefaultRecipients({ channels, recipients }: NotifierRule): boolean {
  return channels.includes('email') && !recipients.length;
}
