function decodeRun(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch {
    return run;
  }
}

/**
 * Percent-decodes UTF-8 (RFC 3986) and keeps invalid sequences, such as the `%` of "100%".
 * `+` stays a plus sign: telephone numbers contain it.
 */
export function percentDecode(text: string): string {
  return text.includes('%') ? text.replace(/(?:%[0-9a-f]{2})+/gi, decodeRun) : text;
}

/** Like percentDecode, but faster for a whole document whose sequences are all valid. */
export function percentDecodeAll(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return percentDecode(text);
  }
}
