import { MAX_MESSAGE_BYTES, parseHead } from './parse-head.ts';
import { parseFailure, type ParseResult } from './sip-response.ts';

const CRLF = 0x0d0a;

/** Cuts a stream into messages by their Content-Length (RFC 3261, 18.3). Never keeps more than one message of at most 64 KB. */
export interface Framer {
  /** The messages that are whole now. After a problem the stream cannot be read on: nobody knows where the next one begins. */
  push: (chunk: Buffer) => ParseResult<Buffer[]>;
}

export function createFramer(): Framer {
  let store = Buffer.alloc(4_096);
  let used = 0;
  /** Where the message that is read now begins, how far the end of its head was looked for, and its end where that is known. */
  let begin = 0;
  let searched = 0;
  let end: number | null = null;

  function append(chunk: Buffer): void {
    if (used + chunk.length > store.length) {
      const larger = Buffer.alloc(
        Math.min(Math.max(store.length * 2, used + chunk.length), MAX_MESSAGE_BYTES),
      );
      store.copy(larger, 0, 0, used);
      store = larger;
    }
    chunk.copy(store, used);
    used += chunk.length;
  }
  function beginAt(at: number): void {
    begin = at;
    searched = at;
    end = null;
  }
  /** Moves what is left to the front. */
  function settle(): void {
    store.copyWithin(0, begin, used);
    used -= begin;
    searched -= begin;
    if (end !== null) end -= begin;
    begin = 0;
  }

  /** Where the message ends; null while its head is not whole. */
  function findEnd(): ParseResult<number | null> {
    const headEnd = store.subarray(0, used).indexOf('\r\n\r\n', searched);
    // What came is searched once, however small the pieces are.
    searched = Math.max(used - 3, begin);
    if (headEnd < 0) return { ok: true, value: null };
    const head = parseHead(store.subarray(begin, used), headEnd - begin);
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
    while (end === null && used - begin >= 2 && store.readUInt16BE(begin) === CRLF) beginAt(begin + 2);
    const found = end === null ? findEnd() : { ok: true as const, value: end };
    if (!found.ok) return found;
    end = found.value;
    if (end === null || used < end) return { ok: true, value: null };
    const message = Buffer.from(store.subarray(begin, end));
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
        settle();
      }
      return { ok: true, value: messages };
    },
  };
}
