import type { IncomingMessage } from 'node:http';

/** Bytes; what goes on beyond them says nothing that is asked for. */
const MAX_RESPONSE_BYTES = 64 * 1024;

/** The body as text, or null where it is longer than 64 KiB: the rest is not waited for. Rejects where it is cut short. */
export async function readResponse(answer: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the connection.
    if (bytes > MAX_RESPONSE_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
