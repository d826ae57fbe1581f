import type { IncomingMessage } from 'node:http';

export interface ReadBodyOptions {
  /** Bytes that are kept. */
  maxTextBytes: number;
  /** Whether a body that is cut short is an error; if not, one that takes longer than two seconds is cut. */
  isRequired: boolean;
}

/** Reading up to this size lets the connection be used again; a longer body closes it. */
const MAX_READ_BYTES = 64 * 1024;
/** Has no body, and its stream never ends. */
const SWITCHING_PROTOCOLS = 101;
const OPTIONAL_BODY_TIMEOUT_MS = 2_000;

/** The start of a response body as text. @throws the connection's error if a required body is cut short */
export async function readBody(
  response: IncomingMessage,
  { maxTextBytes, isRequired }: ReadBodyOptions,
): Promise<string> {
  if (response.statusCode === SWITCHING_PROTOCOLS) return '';
  const kept: Buffer[] = [];
  let bytes = 0;
  const timer = isRequired ? undefined : setTimeout(() => response.destroy(), OPTIONAL_BODY_TIMEOUT_MS);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (bytes < maxTextBytes) kept.push(chunk.subarray(0, maxTextBytes - bytes));
      bytes += chunk.length;
      // Leaving the loop destroys the connection.
      if (bytes > MAX_READ_BYTES) break;
    }
  } catch (error) {
    if (isRequired) throw error;
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(kept).toString();
}
