export type RuleChannel = 'email' | 'sms';

/** Whom to tell of events of one type, and in which words. */
export interface NotifierRule {
  id: string;
  name: string;
  /** The event type that it tells of. */
  trigger: string;
  channels: RuleChannel[];
  /** Text with {{names}} of members of the event. */
  template: string;
  enabled: boolean;
  /** Email addresses; none: the user whose event it is, else the managers. */
  recipients: string[];
  /** Telephone numbers, E.164. */
  smsTo: string[];
}

/** Times of the day, UTC, as HH:MM. */
export interface QuietHours {
  start: string;
  end: string;
}

/** What an organization's notifier does. */
export interface NotifierRules {
  rules: NotifierRule[];
  quietHours: QuietHours | null;
  /** Emails and text messages in one hour of the clock. */
  maxPerHour: number;
}
