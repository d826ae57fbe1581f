import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import pLimit from 'p-limit';
import { TIMER_F, type Outcome } from './client-transaction.ts';
import { errorWord, ProbeFailure } from './error-word.ts';
import { judge, unsent, type Verdict } from './judge.ts';
import { openDns, type NameSource } from './names/name-source.ts';
import { openPlaces, type Place } from './names/open-places.ts';
import { mayProbe } from './names/may-probe.ts';
import type { DroppedCounts, Prober, ProbeTarget } from './prober.ts';
import { openStream } from './transport/open-stream.ts';
import { openUdp } from './transport/open-udp.ts';

export interface ProberOptions {
  /** False: any certificate will do. */
  tlsVerify?: boolean;
  /** PEM of certificate authorities, in place of the usual ones. */
  tlsCa?: string | undefined;
  names?: NameSource;
  userAgent?: string;
}

/** Connections at once, over TCP and TLS; a probe beyond them waits, and its time is counted from when it begins. */
const CONNECTIONS = 512;
/** Of a name with several addresses those that are tried. */
const MOST_PLACES = 4;

const HOST_NAME = /^[\w-]{1,63}(\.[\w-]{1,63})*\.?$/;
const isHost = (host: string): boolean =>
  (isIP(host) > 0 && !host.includes('%')) || (host.length <= 254 && HOST_NAME.test(host));
const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port <= 65_535;

/** The promise's outcome, or a rejection as soon as the signal is aborted. */
const unlessAborted = async <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  signal.throwIfAborted();
  let onAbort: () => void;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
};

/** The promise's outcome, or null after `ms`. */
const orNullAfter = async <T>(ms: number, work: Promise<T>): Promise<T | null> => {
  let timer: NodeJS.Timeout;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

/** Probes SIP gateways by OPTIONS over UDP, TCP and TLS, thousands at once. See `Prober` and decision 10. */
export const openProber = ({
  tlsVerify = true,
  tlsCa,
  names = openDns(),
  userAgent = 'OrionTel',
}: ProberOptions = {}): Prober => {
  const dropped: DroppedCounts = { malformed: 0, unmatched: 0 };
  const placesOf = openPlaces(names);
  const udp = openUdp({ userAgent, dropped });
  const overStream = openStream({ userAgent, dropped, tlsVerify, tlsCa });
  const connections = pLimit(CONNECTIONS);
  const underWay = new Set<AbortController>();
  let closed = false;

  const find = async ({ host, port = null, transport, allowPrivate }: ProbeTarget): Promise<Place[]> => {
    if (!isHost(host) || (port !== null && !isPort(port)))
      throw new ProbeFailure('invalid_target', 'Its host or port is none.');
    const places = await placesOf(host, port, transport);
    // Checked on the very address that is used: a name may say another one next time.
    const allowed = places.filter(({ address, port: at }) => mayProbe(address, allowPrivate) && isPort(at));
    if (places.length && !allowed.length)
      throw new ProbeFailure('forbidden_address', 'Its address is a private or special one.');
    return allowed.slice(0, MOST_PLACES);
  };

  /** One place after the other as long as they cannot be reached (RFC 3263, 4.3), all within the time of one. */
  const tryAll = async (target: ProbeTarget, signal: AbortSignal): Promise<Outcome> => {
    const due = performance.now() + Math.min(target.timeoutMs, TIMER_F);
    const left = () => Math.max(due - performance.now(), 0);
    const exchange = target.transport === 'udp' ? udp.exchange : overStream;
    const places = await orNullAfter(left(), find(target));
    if (!places) return { kind: 'timeout', after: 'name', sent: 0 };
    const none = new ProbeFailure('dns', 'The name has no address.');
    let outcome: Outcome = { kind: 'failed', error: none, sent: 0 };
    for (const place of places) {
      outcome = await exchange({ target, place, timeoutMs: left(), signal });
      if (outcome.kind !== 'failed' || !left()) break;
    }
    return outcome;
  };

  const verdictOn = async (target: ProbeTarget, signal: AbortSignal): Promise<Verdict> => {
    try {
      return judge(await unlessAborted(signal, tryAll(target, signal)), target.timeoutMs, target.okCodes);
    } catch (error) {
      if (!(error instanceof ProbeFailure)) throw error;
      const { error: word, reason } = errorWord(error);
      return unsent(word, reason);
    }
  };

  const begin = async (target: ProbeTarget, signal: AbortSignal): Promise<{ at: Date } & Verdict> => {
    signal.throwIfAborted();
    const at = new Date();
    return { at, ...(await verdictOn(target, signal)) };
  };

  return {
    probe: async (target, signal) => {
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
    close: async () => {
      closed = true;
      for (const stop of underWay) stop.abort(new Error('The prober is closed.'));
      await udp.close();
    },
  };
};
