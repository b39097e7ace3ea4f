/** Bytes in text. */

/**
 * Whether the text is base64, in either alphabet; padding may be left out, but not be wrong. The pattern repeats single
 * characters only: one that repeats groups of four remembers each, and overflows the stack at a few MiB.
 */
export function isBase64(text: string): boolean {
  const symbols = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  const padded = symbols === text.length || text.length % 4 === 0;
  return padded && symbols % 4 !== 1 && /^[A-Za-z0-9+/_-]*={0,2}$/.test(text);
}
