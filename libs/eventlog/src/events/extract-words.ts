/** Longer words are truncated, in events and in searches: the size of an index key is limited. */
const MAX_WORD_CHARS = 64;

/**
 * The distinct words of a text, normalized (NFKC) and in lower case. Used for descriptions and for
 * search_text alike.
 */
export function extractWords(text: string): string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return [...new Set(words.map((word) => [...word].slice(0, MAX_WORD_CHARS).join('')))];
}
