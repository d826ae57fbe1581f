/** One value of a Via header (RFC 3261, 20.42). */
export interface Via {
  /** As written, IPv6 in brackets. */
  host: string;
  port: number | null;
  /** By lower-case name; null where there is no value. Quotes are taken off. */
  params: ReadonlyMap<string, string | null>;
}

/** What a client transaction needs of a response. */
export interface SipResponse {
  /** 100 to 699. */
  code: number;
  reason: string;
  /** Topmost first. */
  vias: Via[];
  method: string;
}

/** Something read, or why it may not be. */
export type ParseResult<T> = { ok: true; value: T } | { ok: false; problem: string };

export function parseFailure(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}
