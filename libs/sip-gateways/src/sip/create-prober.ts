import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import pLimit from 'p-limit';
import { TIMER_F_MS, type Outcome } from './client-transaction.ts';
import { classifyError, ProbeFailure } from './classify-error.ts';
import { classifyOutcome, classifyUnsent, type Classification } from './classify-outcome.ts';
import { createDnsResolver, type DnsResolver } from './dns/dns-resolver.ts';
import { createEndpointResolver, type Endpoint } from './dns/create-endpoint-resolver.ts';
import { mayProbe } from './dns/may-probe.ts';
import type { DroppedCounts, Prober, ProbeTarget } from './prober.ts';
import { createStreamExchanger } from './transport/create-stream-exchanger.ts';
import { createUdpExchanger } from './transport/create-udp-exchanger.ts';

export interface ProberOptions {
  /** False: any certificate will do. */
  tlsVerify?: boolean;
  /** PEM of certificate authorities, in place of the usual ones. */
  tlsCa?: string | undefined;
  dns?: DnsResolver;
  userAgent?: string;
}

/** Connections at once, over TCP and TLS; a probe beyond them waits, and its time is counted from when it begins. */
const MAX_CONNECTIONS = 512;
/** Of a name with several addresses those that are tried. */
const MAX_ENDPOINTS = 4;

const HOST_NAME = /^[\w-]{1,63}(\.[\w-]{1,63})*\.?$/;
function isHost(host: string): boolean {
  return (isIP(host) > 0 && !host.includes('%')) || (host.length <= 254 && HOST_NAME.test(host));
}
const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port <= 65_535;

/** The promise's outcome, or a rejection as soon as the signal is aborted. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

/** The promise's outcome, or null after `ms`. */
async function orNullAfter<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Probes SIP gateways by OPTIONS over UDP, TCP and TLS, thousands at once. See `Prober` and decision 10. */
export function createProber({
  tlsVerify = true,
  tlsCa,
  dns = createDnsResolver(),
  userAgent = 'OrionTel',
}: ProberOptions = {}): Prober {
  const dropped: DroppedCounts = { malformed: 0, unmatched: 0 };
  const placesOf = createEndpointResolver(dns);
  const udp = createUdpExchanger({ userAgent, dropped });
  const overStream = createStreamExchanger({ userAgent, dropped, tlsVerify, tlsCa });
  const connections = pLimit(MAX_CONNECTIONS);
  const underWay = new Set<AbortController>();
  let closed = false;

  async function find({ host, port = null, transport, allowPrivate }: ProbeTarget): Promise<Endpoint[]> {
    if (!isHost(host) || (port !== null && !isPort(port)))
      throw new ProbeFailure('invalid_target', 'Its host or port is none.');
    const places = await placesOf(host, port, transport);
    // Checked on the very address that is used: a name may say another one next time.
    const allowed = places.filter(({ address, port: at }) => mayProbe(address, allowPrivate) && isPort(at));
    if (places.length && !allowed.length)
      throw new ProbeFailure('forbidden_address', 'Its address is a private or special one.');
    return allowed.slice(0, MAX_ENDPOINTS);
  }

  /** One place after the other as long as they cannot be reached (RFC 3263, 4.3), all within the time of one. */
  async function tryAll(target: ProbeTarget, signal: AbortSignal): Promise<Outcome> {
    const due = performance.now() + Math.min(target.timeoutMs, TIMER_F_MS);
    const left = () => Math.max(due - performance.now(), 0);
    const exchange = target.transport === 'udp' ? udp.exchange : overStream;
    const places = await orNullAfter(left(), find(target));
    if (!places) return { kind: 'timeout', after: 'name', sent: 0 };
    const none = new ProbeFailure('dns', 'The name has no address.');
    let outcome: Outcome = { kind: 'failed', error: none, sent: 0 };
    for (const place of places) {
      outcome = await exchange({ target, endpoint: place, timeoutMs: left(), signal });
      if (outcome.kind !== 'failed' || !left()) break;
    }
    return outcome;
  }

  async function verdictOn(target: ProbeTarget, signal: AbortSignal): Promise<Classification> {
    try {
      return classifyOutcome(
        await unlessAborted(signal, tryAll(target, signal)),
        target.timeoutMs,
        target.okCodes,
      );
    } catch (error) {
      if (!(error instanceof ProbeFailure)) throw error;
      const { error: word, reason } = classifyError(error);
      return classifyUnsent(word, reason);
    }
  }

  async function begin(target: ProbeTarget, signal: AbortSignal): Promise<{ at: Date } & Classification> {
    signal.throwIfAborted();
    const at = new Date();
    return { at, ...(await verdictOn(target, signal)) };
  }

  return {
    async probe(target, signal) {
      if (closed) throw new Error('The prober is closed.');
      const stop = new AbortController();
      const onAbort = () => stop.abort(signal!.reason);
      signal?.throwIfAborted();
      // One signal for all probes is no leak: each takes its listener away.
      if (signal) setMaxListeners(0, signal);
      signal?.addEventListener('abort', onAbort, { once: true });
      underWay.add(stop);
      const run = () => begin(target, stop.signal);
      return (target.transport === 'udp' ? run() : connections(run)).finally(() => {
        underWay.delete(stop);
        signal?.removeEventListener('abort', onAbort);
      });
    },
    dropped: () => ({ ...dropped }),
    async close() {
      closed = true;
      for (const stop of underWay) stop.abort(new Error('The prober is closed.'));
      await udp.close();
    },
  };
}
