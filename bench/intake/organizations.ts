import { DEMO_ORGANIZATIONS, type CallOrganization } from '../seed/generate-calls.ts';
import { NUMBER_PLANS } from '../seed/number-plans.ts';

const ORGANIZATIONS = 24;
const TRUNKS = 200;
export const FIRST_BENCH_ORG_ID = 30_000;
const TRUNKS_EACH = Math.floor(TRUNKS / ORGANIZATIONS);
const ORGANIZATIONS_WITH_ONE_MORE = TRUNKS % ORGANIZATIONS;
const MAX_UTC_OFFSET_HOURS = 12;

/** 24 organizations in as many countries, with 200 trunks. The first make most of the calls (weight 1/n). */
export const BENCH_ORGANIZATIONS: readonly CallOrganization[] = Array.from(
  { length: ORGANIZATIONS },
  (_, index) => {
    const { region } = NUMBER_PLANS[index]!;
    const trunks = TRUNKS_EACH + (index < ORGANIZATIONS_WITH_ONE_MORE ? 1 : 0);
    return {
      ...DEMO_ORGANIZATIONS[0]!,
      id: FIRST_BENCH_ORG_ID + index,
      name: `Organization ${index}`,
      region,
      weight: 100 / (index + 1),
      trunks: Array.from({ length: trunks }, (_trunk, trunk) => `trunk-${index}-${trunk}`),
      sources: [`pbx-${region.toLowerCase()}`],
      utcOffsetHours: index % MAX_UTC_OFFSET_HOURS,
    };
  },
);
