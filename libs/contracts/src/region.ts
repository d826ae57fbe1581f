import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { required } from './fields.ts';

const REGION_MESSAGE = 'must be an ISO 3166 country code in capitals, like US';

/** ISO 3166-1 alpha-2 country code whose rules parse national numbers. */
export const Region = z.string(required(REGION_MESSAGE)).refine(isSupportedCountry, REGION_MESSAGE);
