import { activityCases } from './activity.ts';
import { cdrCases } from './cdr.ts';
import { cdrReportCases } from './cdr-reports.ts';
import { eventlogCases } from './eventlog.ts';
import { eventCases } from './events.ts';
import { forwardingCases } from './forwarding.ts';
import { organizationCases } from './organizations.ts';
import { pbxCases } from './pbx.ts';
import { platformCases } from './platform.ts';
import { quarantineCases } from './quarantine.ts';
import type { RouteCases } from './route-case.ts';
import { sipGatewayCases } from './sip-gateways.ts';
import { systemCases } from './system.ts';
import { taskCases } from './tasks.ts';
import { userCases } from './users.ts';
import { webhookCases } from './webhooks.ts';

/** What is expected of every route, but of those that only say that the process lives. */
export const routeCases: RouteCases = {
  ...userCases,
  ...organizationCases,
  ...systemCases,
  ...pbxCases,
  ...platformCases,
  ...cdrCases,
  ...cdrReportCases,
  ...quarantineCases,
  ...taskCases,
  ...forwardingCases,
  ...eventlogCases,
  ...eventCases,
  ...activityCases,
  ...webhookCases,
  ...sipGatewayCases,
};
