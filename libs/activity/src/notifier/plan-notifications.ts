import type { Queryable } from '@oriontel/database';
import { smsWebhooksOf } from '../webhooks/plan-webhooks.ts';
import { listReceivers, type Wanted } from './list-receivers.ts';
import type { NotifierRule } from './notifier-rules.ts';
import type { Heard, Told } from './rules-for.ts';

/** Who can be told at all. The app hands `emailsOf` over. */
export interface Reach {
  /** By entity: whom to write to where a rule names nobody. */
  emailsOf: (tx: Queryable, orgId: number, entities: string[]) => Promise<Map<string, string[]>>;
  /** Which channels lead anywhere. */
  channels: { email: boolean };
}

/** What the rules of an organization want told, and how much of it at most in an hour. */
export interface Plan {
  orgId: number;
  most: number;
  wanted: Wanted[];
  /** The events of which more was wanted than one event may bring. */
  cut: Told[];
}

/** Finds out whom to tell. */
export const planNotifications = async (tx: Queryable, heard: Heard[], reach: Reach): Promise<Plan[]> => {
  const texting = await smsWebhooksOf(
    tx,
    heard.map(({ orgId }) => orgId),
  );
  const plans: Plan[] = [];
  for (const { orgId, own, told } of heard) {
    const emails = reach.channels.email ? await unnamed(tx, orgId, told, reach) : null;
    const lists = told.map((one) => {
      const receivers = {
        emails: emails && (emails.get(one.event.entity) ?? []),
        smsWebhooks: texting.get(orgId) ?? [],
      };
      return { one, ...listReceivers(one.event, one.rules, receivers) };
    });
    plans.push({
      orgId,
      most: own.mostPerHour,
      wanted: lists.flatMap(({ wanted }) => wanted),
      cut: lists.filter(({ isCut }) => isCut).map(({ one }) => one),
    });
  }
  return plans;
};

/** Whom to write to for the entities of those events whose rules leave it open. */
const unnamed = async (
  tx: Queryable,
  orgId: number,
  told: Told[],
  { emailsOf }: Reach,
): Promise<Map<string, string[]>> => {
  const open = told.filter(({ rules }) => rules.some(namesNobody)).map(({ event }) => event.entity);
  return open.length ? emailsOf(tx, orgId, [...new Set(open)]) : new Map<string, string[]>();
};

const namesNobody = ({ channels, recipients }: NotifierRule): boolean =>
  channels.includes('email') && !recipients.length;
