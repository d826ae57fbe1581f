export type RuleChannel = 'email' | 'sms';

/** Whom to notify of events of one type, and with which text. */
export interface NotifierRule {
  id: string;
  name: string;
  /** Event type that triggers the rule. */
  trigger: string;
  channels: RuleChannel[];
  /** Text with {{names}} of event fields. */
  template: string;
  enabled: boolean;
  /** Email addresses; if empty, the user whose event it is, else the managers. */
  recipients: string[];
  /** Telephone numbers, E.164. */
  smsTo: string[];
}

/** Times of day in UTC, as HH:MM. */
export interface QuietHours {
  start: string;
  end: string;
}

/** The notifier settings of an organization. */
export interface NotifierRules {
  rules: NotifierRule[];
  quietHours: QuietHours | null;
  /** Emails and text messages per hour of the clock. */
  maxPerHour: number;
}
