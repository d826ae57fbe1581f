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

/** The cases of all routes except health, documentation and errors. */
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
