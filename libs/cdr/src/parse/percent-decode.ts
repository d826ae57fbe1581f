function decodeRun(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch {
    return run;
  }
}

/**
 * Percent-decodes UTF-8 (RFC 3986); what is not a valid sequence stays as it is, so "100%" survives.
 * `+` is never a space here: in a telephone number it means something.
 */
export function percentDecode(text: string): string {
  return text.includes('%') ? text.replace(/(?:%[0-9a-f]{2})+/gi, decodeRun) : text;
}

/** The same for a whole document: decodeURIComponent in one go where all of it is valid. */
export function percentDecodeAll(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return percentDecode(text);
  }
}
