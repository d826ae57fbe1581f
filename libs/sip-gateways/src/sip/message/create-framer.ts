import { MAX_MESSAGE_BYTES, parseHead } from './parse-head.ts';
import { parseFailure, type ParseResult } from './sip-response.ts';

const CRLF = 0x0d0a;

/**
 * Splits a stream into messages by Content-Length (RFC 3261, 18.3). Buffers at most one message of up to 64
 * KB.
 */
export interface Framer {
  /**
   * Returns the messages completed by a chunk. After a problem the start of the next message is unknown:
   * stop.
   */
  push: (chunk: Buffer) => ParseResult<Buffer[]>;
}

export function createFramer(): Framer {
  let buffer = Buffer.alloc(4_096);
  let used = 0;
  /**
   * Of the current message: its start, up to where its head was searched for an end, and its end if known.
   */
  let begin = 0;
  let searched = 0;
  let end: number | null = null;

  function append(chunk: Buffer): void {
    if (used + chunk.length > buffer.length) {
      const larger = Buffer.alloc(
        Math.min(Math.max(buffer.length * 2, used + chunk.length), MAX_MESSAGE_BYTES),
      );
      buffer.copy(larger, 0, 0, used);
      buffer = larger;
    }
    chunk.copy(buffer, used);
    used += chunk.length;
  }
  function beginAt(at: number): void {
    begin = at;
    searched = at;
    end = null;
  }
  /** Moves the rest to the front of the buffer. */
  function compact(): void {
    buffer.copyWithin(0, begin, used);
    used -= begin;
    searched -= begin;
    if (end !== null) end -= begin;
    begin = 0;
  }

  /** The end of the current message; null while its head is incomplete. */
  function findEnd(): ParseResult<number | null> {
    const headEnd = buffer.subarray(0, used).indexOf('\r\n\r\n', searched);
    // Each byte is searched once, however small the chunks are.
    searched = Math.max(used - 3, begin);
    if (headEnd < 0) return { ok: true, value: null };
    const head = parseHead(buffer.subarray(begin, used), headEnd - begin);
    if (!head.ok) return head;
    const { bodyAt, contentLength } = head.value;
    if (contentLength === null) return parseFailure('no Content-Length on a stream');
    const length = bodyAt + contentLength;
    return length > MAX_MESSAGE_BYTES
      ? parseFailure(`a message of more than ${MAX_MESSAGE_BYTES} bytes`)
      : { ok: true, value: begin + length };
  }

  function next(): ParseResult<Buffer | null> {
    // Empty lines before a message are keep-alives (RFC 3261, 7.5; RFC 5626, 3.5.1).
    while (end === null && used - begin >= 2 && buffer.readUInt16BE(begin) === CRLF) beginAt(begin + 2);
    const found = end === null ? findEnd() : { ok: true as const, value: end };
    if (!found.ok) return found;
    end = found.value;
    if (end === null || used < end) return { ok: true, value: null };
    const message = Buffer.from(buffer.subarray(begin, end));
    beginAt(end);
    return { ok: true, value: message };
  }

  return {
    push(chunk) {
      const messages: Buffer[] = [];
      for (let rest = chunk; rest.length;) {
        const room = MAX_MESSAGE_BYTES - used;
        if (!room) return parseFailure(`a message of more than ${MAX_MESSAGE_BYTES} bytes`);
        append(rest.subarray(0, room));
        rest = rest.subarray(room);
        for (let message = next(); ; message = next()) {
          if (!message.ok) return message;
          if (!message.value) break;
          messages.push(message.value);
        }
        compact();
      }
      return { ok: true, value: messages };
    },
  };
}
