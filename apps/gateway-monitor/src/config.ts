import { IntakeConfig } from '@oriontel/intake';
import { readConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']);

export const MonitorConfig = IntakeConfig.extend({
  /** Off: this process stores results without probing gateways. */
  PROBING: onOff.default('on'),
  /** Whether gateways at private, loopback and other special addresses may be probed. */
  PROBE_ALLOW_PRIVATE: onOff.default('off'),
  /** Whether TLS certificates of gateways are verified. */
  PROBE_TLS_VERIFY: onOff.default('on'),
});
export type MonitorConfig = z.output<typeof MonitorConfig>;

export function readMonitorConfig(env: Environment): MonitorConfig {
  return readConfig(MonitorConfig, env);
}
