import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { required } from './fields.ts';

const REGION_MESSAGE = 'must be two capitals of a country that has telephone numbers, like US';

/** ISO 3166 alpha-2: how national numbers are read. */
export const Region = z.string(required(REGION_MESSAGE)).refine(isSupportedCountry, REGION_MESSAGE);
