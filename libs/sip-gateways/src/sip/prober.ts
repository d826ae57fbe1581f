export type Transport = 'udp' | 'tcp' | 'tls';

export interface ProbeTarget {
  /** A name or an address, IPv6 without brackets and zone. */
  host: string;
  /** Null: found by SRV, else 5060, or 5061 for TLS (RFC 3263, 4.2). */
  port?: number | null;
  transport: Transport;
  /** Milliseconds for all of it: name, connection, answer. Beyond 32 s nothing is waited for (timer F). */
  timeoutMs: number;
  /** Where there are any, only these answers are up, whatever they are. */
  okCodes?: readonly number[] | null;
  /** Whether private, loopback, link-local and other special addresses may be probed. */
  allowPrivate: boolean;
}

/** Why a gateway is not up, in a word. The last three: it answered 408, 503, another code than those wanted. */
export type ProbeError =
  | 'invalid_target'
  | 'forbidden_address'
  | 'dns'
  | 'unreachable'
  | 'refused'
  | 'closed'
  | 'tls'
  | 'timeout'
  | 'malformed'
  | 'request_timeout'
  | 'unavailable'
  | 'unexpected_code';

export interface ProbeResult {
  /** When the probe began. */
  at: Date;
  status: 'up' | 'degraded' | 'down';
  /** From the copy of the request that was answered to its final answer; without name and connection. */
  latencyMs: number | null;
  /** How many copies of the request were sent; over TCP and TLS never more than one. */
  sent: number;
  /** Of the copies sent, 0 to 100: those before the answered one, or all. Null where none was sent. */
  lossPercent: number | null;
  /** Of the final answer. */
  sipCode: number | null;
  error: ProbeError | null;
  /** A sentence for people. */
  reason: string;
}

/** What came in and was no answer to a probe under way. */
export interface DroppedCounts {
  /** Not a SIP response that may be understood. */
  malformed: number;
  /** A response to nothing that is asked now: another branch, another method, one too late, one repeated. */
  unmatched: number;
}

export interface Prober {
  /**
   * Asks a gateway by OPTIONS whether it is there (RFC 3261, 11).
   * @throws the signal's reason, or where the prober is closed, or where this host has no socket left: nothing is known of the
   * gateway then.
   */
  probe: (target: ProbeTarget, signal?: AbortSignal) => Promise<ProbeResult>;
  dropped: () => DroppedCounts;
  /** Ends probes under way; they reject. */
  close: () => Promise<void>;
}
