import { IntakeConfig } from '@oriontel/intake';
import { readConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

const OnOff = z.enum(['on', 'off']);

export const MonitorConfig = IntakeConfig.extend({
  PROBING: OnOff.default('on').describe('`off`: this process stores results without probing SIP gateways.'),
  PROBE_ALLOW_PRIVATE: OnOff.default('off').describe(
    'Allows probing SIP gateways at private, loopback and other special addresses.',
  ),
  PROBE_TLS_VERIFY: OnOff.default('on').describe('Verifies the TLS certificates of SIP gateways.'),
});
export type MonitorConfig = z.output<typeof MonitorConfig>;

export function readMonitorConfig(env: Environment): MonitorConfig {
  return readConfig(MonitorConfig, env);
}
