export type Transport = 'udp' | 'tcp' | 'tls';

export interface ProbeTarget {
  /** A host name or an address, IPv6 without brackets and zone. */
  host: string;
  /** Null: resolved by SRV records, else 5060, or 5061 for TLS (RFC 3263, 4.2). */
  port?: number | null;
  transport: Transport;
  /** For name resolution, connection and response together; capped at 32 s (timer F). */
  timeoutMs: number;
  /** If not empty, only these status codes mean up. */
  okCodes?: readonly number[] | null;
  /** Whether private, loopback, link-local and other special addresses may be probed. */
  allowPrivate: boolean;
}

/** Why a gateway is not up. The last three: it responded 408, 503, a code that is not in okCodes. */
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
  /** When the probe started. */
  at: Date;
  status: 'up' | 'degraded' | 'down';
  /** From the answered copy of the request to the final response; excludes name resolution and connection. */
  latencyMs: number | null;
  /** Copies of the request that were sent; over TCP and TLS at most one. */
  sent: number;
  /** Share of the sent copies without a response, 0 to 100; null if none was sent. */
  lossPercent: number | null;
  /** Status code of the final response. */
  sipCode: number | null;
  error: ProbeError | null;
  /** A sentence for users. */
  reason: string;
}

/** Received messages that are no response to a running probe. */
export interface DroppedCounts {
  /** Not a valid SIP response. */
  malformed: number;
  /** Responses with another branch or method, late ones and repeated ones. */
  unmatched: number;
}

export interface Prober {
  /**
   * Sends OPTIONS to a gateway (RFC 3261, 11).
   * @throws the signal's reason, an Error if the prober is closed, or a socket error of this host: the state
   * of the gateway is unknown then
   */
  probe: (target: ProbeTarget, signal?: AbortSignal) => Promise<ProbeResult>;
  dropped: () => DroppedCounts;
  /** Aborts running probes, which reject, and closes the sockets. */
  close: () => Promise<void>;
}
