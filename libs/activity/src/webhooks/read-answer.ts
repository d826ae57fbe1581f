import type { IncomingMessage } from 'node:http';

export interface Answer {
  status: number;
  /** How it begins. */
  text: string;
}

/** Bytes shown of an answer, and read of it so that its connection can be used again; milliseconds it may take from its head on. */
const SHOWN = 1_024;
const READ = 64 * 1_024;
const PATIENCE = 2_000;

/** The status alone decides: of an answer that is long, slow or breaks off only its beginning is read. */
export const readAnswer = async (response: IncomingMessage): Promise<Answer> => {
  const shown: Buffer[] = [];
  let seen = 0;
  const late = setTimeout(() => response.destroy(), PATIENCE);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (seen < SHOWN) shown.push(chunk.subarray(0, SHOWN - seen));
      seen += chunk.length;
      if (seen > READ) break;
    }
  } catch {
    // It broke off: its head had come.
  } finally {
    clearTimeout(late);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(shown).toString().replaceAll('\0', '') };
};
