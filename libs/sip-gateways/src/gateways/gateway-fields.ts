import { integerBetween, Label, fieldFailure } from '@oriontel/contracts';
import { z } from 'zod';
import { Transport, type GatewaySettings } from './gateway.ts';
import { Host } from './host.ts';

const MAX_OK_CODES = 100;

/** The settings that a client may set, on create and on update. */
export const gatewayFields = {
  name: Label,
  host: Host,
  port: integerBetween(1, 65_535).nullable(),
  transport: Transport,
  interval_seconds: integerBetween(5, 3_600),
  timeout_ms: integerBetween(100, 32_000),
  ok_codes: z
    .array(integerBetween(200, 699), 'must be a list of SIP status codes, like [200, 404]')
    .max(MAX_OK_CODES, `must be at most ${MAX_OK_CODES} codes`),
  failures_to_down: integerBetween(1, 100),
  successes_to_up: integerBetween(1, 100),
  enabled: z.boolean('must be true or false'),
};

/**
 * Returns the settings with sorted, unique `okCodes`.
 * @throws Failure bad_request if a probe could last longer than its interval
 */
export function checkSettings(settings: GatewaySettings): GatewaySettings {
  if (settings.timeoutMs > settings.intervalSeconds * 1_000)
    throw fieldFailure('timeout_ms', 'must not be longer than interval_seconds');
  return { ...settings, okCodes: [...new Set(settings.okCodes)].sort((a, b) => a - b) };
}
