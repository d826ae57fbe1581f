/** Characters of a word that count: a longer one is cut, here and in the search. An index takes no key of any length. */
const MAX_WORD_CHARS = 64;

/** The words of a text, once each, in lower case: what search_text finds and how it is read. */
export function extractWords(text: string): string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return [...new Set(words.map((word) => [...word].slice(0, MAX_WORD_CHARS).join('')))];
}
