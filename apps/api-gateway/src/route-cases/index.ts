import { activityCases } from './activity.ts';
import { cdrCases } from './cdr.ts';
import { eventlogCases } from './eventlog.ts';
import { organizationCases } from './organizations.ts';
import { pbxCases } from './pbx.ts';
import { platformCases } from './platform.ts';
import type { RouteCases } from './route-case.ts';
import { systemCases } from './system.ts';
import { userCases } from './users.ts';

/** What is expected of every route, but of those that only say that the process lives. */
export const routeCases: RouteCases = {
  ...userCases,
  ...organizationCases,
  ...systemCases,
  ...pbxCases,
  ...platformCases,
  ...cdrCases,
  ...eventlogCases,
  ...activityCases,
};
