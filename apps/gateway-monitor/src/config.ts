import { IntakeConfig } from '@oriontel/intake';
import { readConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']);

export const MonitorConfig = IntakeConfig.extend({
  /** Off: results are stored, but no gateway is probed from here. */
  PROBING: onOff.default('on'),
  /** Whether gateways at private, loopback and other special addresses may be probed. */
  PROBE_ALLOW_PRIVATE: onOff.default('off'),
  /** Whether the certificate of a gateway on TLS must be one that this host trusts. */
  PROBE_TLS_VERIFY: onOff.default('on'),
});
export type MonitorConfig = z.output<typeof MonitorConfig>;

export function readMonitorConfig(env: Environment): MonitorConfig {
  return readConfig(MonitorConfig, env);
}
