/** One value of a Via header (RFC 3261, 20.42). */
export interface Via {
  /** As written, IPv6 in brackets. */
  host: string;
  port: number | null;
  /** By lower-case name, unquoted; null for a parameter without a value. */
  params: ReadonlyMap<string, string | null>;
}

/** The parts of a response that a client transaction needs. */
export interface SipResponse {
  /** 100 to 699. */
  code: number;
  reason: string;
  /** Topmost first. */
  vias: Via[];
  method: string;
}

/** A parsed value, or the problem that prevents it. */
export type ParseResult<T> = { ok: true; value: T } | { ok: false; problem: string };

export function parseFailure(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}
