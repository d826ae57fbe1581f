import { MAX_MESSAGE_BYTES, parseHead, type Head } from './parse-head.ts';
import { parseVias } from './parse-vias.ts';
import { parseFailure, type ParseResult, type SipResponse, type Via } from './sip-response.ts';

/** RFC 3261, 7.2 requires the space before the reason; some implementations omit it with an empty reason. */
// eslint-disable-next-line no-control-regex -- a displayed reason must not contain them
const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d)(?: ([^\0-\x08\n-\x1f\x7f]*))?$/i;
const CSEQ = /^(\d{1,10})[ \t]+([\w.!%*+`'~-]+)$/;
/** RFC 3261, 8.1.1.5. */
const CSEQ_LIMIT = 2 ** 31;
/** Headers that a response copies from the request (RFC 3261, 8.2.6.2). */
const REQUIRED_HEADERS = ['from', 'to', 'call-id', 'cseq'];

function parseAllVias(lines: string[] = []): ParseResult<Via[]> {
  if (!lines.length) return parseFailure('no Via');
  const vias: Via[] = [];
  for (const line of lines) {
    const reading = parseVias(line);
    if (!reading.ok) return reading;
    vias.push(...reading.value);
  }
  return { ok: true, value: vias };
}

function parseParts({ startLine, headers }: Head): ParseResult<SipResponse> {
  const status = STATUS_LINE.exec(startLine);
  if (!status) return parseFailure('no status line of SIP/2.0');
  for (const name of REQUIRED_HEADERS) {
    const values = headers.get(name) ?? [];
    if (values.length !== 1 || !values[0])
      return parseFailure(`${name} is there ${values.length} times, or empty`);
  }
  const cseq = CSEQ.exec(headers.get('cseq')![0]!);
  if (!cseq || Number(cseq[1]) >= CSEQ_LIMIT) return parseFailure('CSeq is no number below 2^31 and method');
  const vias = parseAllVias(headers.get('via'));
  if (!vias.ok) return vias;
  const reason = (status[2] ?? '').trim();
  return { ok: true, value: { code: Number(status[1]), reason, vias: vias.value, method: cseq[2]! } };
}

/**
 * Parses one response, strictly by the grammar of RFC 3261, 25.1, for the parts that a client transaction
 * needs. Never throws, whatever the bytes; bytes after the body are ignored (18.3).
 */
export function parseResponse(bytes: Buffer): ParseResult<SipResponse> {
  if (bytes.length > MAX_MESSAGE_BYTES) return parseFailure(`more than ${MAX_MESSAGE_BYTES} bytes`);
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return parseFailure('the headers do not end');
  const head = parseHead(bytes, headEnd);
  if (!head.ok) return head;
  const { bodyAt, contentLength } = head.value;
  if (contentLength !== null && bytes.length - bodyAt < contentLength)
    return parseFailure('the body is shorter than Content-Length');
  return parseParts(head.value);
}
