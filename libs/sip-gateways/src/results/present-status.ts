import { isoTime, isoTimeOrNull } from '@oriontel/contracts';
import type { FoundGateway } from '../gateways/gateway.ts';
import type { RecordedReport } from './gateway-report.ts';
import type { GatewayResult } from './gateway-result.ts';
import type { GatewayStatus } from './gateway-status.ts';
import type { KnownStatus } from './read-status.ts';
import type { HistoryPoint } from './result.repository.ts';

export function presentRecorded({ gatewayId, status, latencyMs, at }: GatewayResult): RecordedReport {
  return {
    status: 'success',
    gateway: gatewayId,
    recorded_status: status,
    latency_ms: latencyMs,
    recorded_at: isoTime(new Date(at)),
  };
}

export function presentStatus(
  { id, name, host, port }: FoundGateway,
  { state, uptime, history }: KnownStatus,
): GatewayStatus {
  return {
    status: 'success',
    gateway: { id, name, host, port },
    current_status: {
      reachable: state.lastCheck && state.consecutiveSuccesses > 0,
      latency_ms: state.latencyMs,
      last_check: isoTimeOrNull(state.lastCheck),
      consecutive_successes: state.consecutiveSuccesses,
      uptime_percent_24h: uptime.results ? uptimePercent(uptime) : null,
      status: state.status,
      since: isoTimeOrNull(state.since),
      consecutive_failures: state.consecutiveFailures,
      jitter_ms: toMicroseconds(state.jitterMs),
      packet_loss: state.lossPercent,
      sip_code: state.sipCode,
      error: state.error,
    },
    ...(history && { history: history.map(presentPoint) }),
  };
}

function presentPoint(point: HistoryPoint): NonNullable<GatewayStatus['history']>[number] {
  return {
    timestamp: isoTime(point.at),
    reachable: point.status !== 'down',
    latency_ms: toMicroseconds(point.latencyMs),
    status: point.status,
    results: point.results,
    uptime_percent: uptimePercent(point),
  };
}

/** Percent with two decimals, rounded down: 100 only if no result was down. */
function uptimePercent({ results, reachable }: { results: number; reachable: number }): number {
  return Math.floor((reachable * 10_000) / results) / 100;
}

const toMicroseconds = (ms: number | null): number | null => (ms === null ? null : Number(ms.toFixed(3)));
