import type { IncomingMessage } from 'node:http';

export interface WebhookResponse {
  status: number;
  /** How it begins. */
  text: string;
}

/** Bytes shown of an answer, and read of it so that its connection can be used again; milliseconds it may take from its head on. */
const MAX_SHOWN_BYTES = 1_024;
const MAX_READ_BYTES = 64 * 1_024;
const BODY_TIMEOUT_MS = 2_000;

/** The status alone decides: of an answer that is long, slow or breaks off only its beginning is read. */
export async function readResponse(response: IncomingMessage): Promise<WebhookResponse> {
  const shown: Buffer[] = [];
  let seen = 0;
  const late = setTimeout(() => response.destroy(), BODY_TIMEOUT_MS);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (seen < MAX_SHOWN_BYTES) shown.push(chunk.subarray(0, MAX_SHOWN_BYTES - seen));
      seen += chunk.length;
      if (seen > MAX_READ_BYTES) break;
    }
  } catch {
    // It broke off: its head had come.
  } finally {
    clearTimeout(late);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(shown).toString().replaceAll('\0', '') };
}
