import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import pLimit from 'p-limit';
import { TIMER_F_MS, type Outcome } from './client-transaction.ts';
import { classifyError, ProbeFailure } from './classify-error.ts';
import { classifyOutcome, classifyUnsent, type Classification } from './classify-outcome.ts';
import { createDnsResolver, type DnsResolver } from './dns/dns-resolver.ts';
import { createEndpointResolver, type Endpoint } from './dns/create-endpoint-resolver.ts';
import { mayProbe } from './dns/may-probe.ts';
import type { DroppedCounts, Prober, ProbeResult, ProbeTarget } from './prober.ts';
import { createStreamExchanger } from './transport/create-stream-exchanger.ts';
import { createUdpExchanger } from './transport/create-udp-exchanger.ts';

export interface ProberOptions {
  /** Whether TLS certificates are verified. Default: true. */
  tlsVerify?: boolean;
  /** PEM of certificate authorities, in place of the default ones. */
  tlsCa?: string | undefined;
  dns?: DnsResolver;
  userAgent?: string;
}

/**
 * Concurrent TCP and TLS connections. Further probes wait; the waiting does not count towards their timeout.
 */
const MAX_CONNECTIONS = 512;
/** Endpoints of a name that are tried. */
const MAX_ENDPOINTS = 4;

/** Creates a prober for SIP gateways: OPTIONS over UDP, TCP and TLS, thousands at once (decision 10). */
export function createProber({
  tlsVerify = true,
  tlsCa,
  dns = createDnsResolver(),
  userAgent = 'OrionTel',
}: ProberOptions = {}): Prober {
  const dropped: DroppedCounts = { malformed: 0, unmatched: 0 };
  const resolveEndpoints = createEndpointResolver(dns);
  const udp = createUdpExchanger({ userAgent, dropped });
  const exchangeOverStream = createStreamExchanger({ userAgent, dropped, tlsVerify, tlsCa });
  const limitConnections = pLimit(MAX_CONNECTIONS);
  const running = new Set<AbortController>();
  let isClosed = false;

  async function findEndpoints(target: ProbeTarget): Promise<Endpoint[]> {
    const { host, port = null, transport, allowPrivate } = target;
    if (!isHost(host) || (port !== null && !isPort(port)))
      throw new ProbeFailure('invalid_target', 'Its host or port is not valid.');
    const endpoints = await resolveEndpoints(host, port, transport);
    // Checks the resolved address itself: the name may resolve to another one next time.
    const allowed = endpoints.filter((endpoint) => {
      return mayProbe(endpoint.address, allowPrivate) && isPort(endpoint.port);
    });
    if (endpoints.length && !allowed.length)
      throw new ProbeFailure('forbidden_address', 'Its address is a private or special one.');
    return allowed.slice(0, MAX_ENDPOINTS);
  }

  /** Tries one endpoint after the other while they are unreachable (RFC 3263, 4.3), within one timeout. */
  async function tryEndpoints(target: ProbeTarget, signal: AbortSignal): Promise<Outcome> {
    const dueAt = performance.now() + Math.min(target.timeoutMs, TIMER_F_MS);
    const leftMs = () => Math.max(dueAt - performance.now(), 0);
    const exchange = target.transport === 'udp' ? udp.exchange : exchangeOverStream;
    const endpoints = await orNullAfter(leftMs(), findEndpoints(target));
    if (!endpoints) return { kind: 'timeout', after: 'name', sent: 0 };
    const noAddress = new ProbeFailure('dns', 'The name has no address.');
    let outcome: Outcome = { kind: 'failed', error: noAddress, sent: 0 };
    for (const endpoint of endpoints) {
      outcome = await exchange({ target, endpoint, timeoutMs: leftMs(), signal });
      if (outcome.kind !== 'failed' || !leftMs()) break;
    }
    return outcome;
  }

  async function classify(target: ProbeTarget, signal: AbortSignal): Promise<Classification> {
    try {
      const outcome = await unlessAborted(signal, tryEndpoints(target, signal));
      return classifyOutcome(outcome, target.timeoutMs, target.okCodes);
    } catch (error) {
      if (!(error instanceof ProbeFailure)) throw error;
      const { error: code, reason } = classifyError(error);
      return classifyUnsent(code, reason);
    }
  }

  async function runProbe(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
    signal.throwIfAborted();
    const at = new Date();
    return { at, ...(await classify(target, signal)) };
  }

  return {
    async probe(target, signal) {
      if (isClosed) throw new Error('The prober is closed.');
      signal?.throwIfAborted();
      const controller = new AbortController();
      const onAbort = () => controller.abort(signal!.reason);
      // Thousands of probes may share a signal; each removes its listener.
      if (signal) setMaxListeners(0, signal);
      signal?.addEventListener('abort', onAbort, { once: true });
      running.add(controller);
      const run = () => runProbe(target, controller.signal);
      return (target.transport === 'udp' ? run() : limitConnections(run)).finally(() => {
        running.delete(controller);
        signal?.removeEventListener('abort', onAbort);
      });
    },
    dropped: () => ({ ...dropped }),
    async close() {
      isClosed = true;
      for (const controller of running) controller.abort(new Error('The prober is closed.'));
      await udp.close();
    },
  };
}

const HOST_NAME = /^[\w-]{1,63}(\.[\w-]{1,63})*\.?$/;
function isHost(host: string): boolean {
  return (isIP(host) > 0 && !host.includes('%')) || (host.length <= 254 && HOST_NAME.test(host));
}
const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port <= 65_535;

/** The result of the promise, or a rejection as soon as the signal is aborted. */
async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

/** The result of the promise, or null after `timeoutMs`. */
async function orNullAfter<T>(timeoutMs: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout;
  const timeout = new Promise<null>((resolve) => (timer = setTimeout(resolve, timeoutMs, null)));
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
