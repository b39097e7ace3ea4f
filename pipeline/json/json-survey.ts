/** What `JSON.parse` may lose of a text, from one look at each of its bytes. */

export interface JsonSurvey {
  /**
   * How many names the objects have, together, or more where strings look like them; NaN where space before a colon
   * hides some.
   */
  readonly names: number;
  /** Whether a number may be long for its digits or its exponent. */
  readonly hasLongNumber: boolean;
}

/**
 * Bytes in strings may be taken for what they are not, so that it sees too much, but no less. A colon is the one byte
 * that is looked for: more of them made branches that are hard to foresee, and four times the time.
 */
export function surveyJson(bytes: Uint8Array, text: string): JsonSurvey {
  const { names, hidesNames } = namesIn(bytes);
  const hasLongNumber = hasLongRun(bytes) || LONG_EXPONENT_IN_TEXT.test(text);
  return { names: hidesNames ? Number.NaN : names, hasLongNumber };
}

function namesIn(bytes: Uint8Array): { readonly names: number; readonly hidesNames: boolean } {
  let names = 0;
  let hidesNames = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== COLON) continue;
    const before = bytes[at - 1] as number;
    if (before === QUOTE) names++;
    else if (before <= SPACE) hidesNames = true;
  }
  return { names, hidesNames };
}

const LONG_EXPONENT_IN_TEXT = /[:,[\s]-?\d[\d.]*e[+-]?\d{3}/i;

/** A double tells all decimal numbers of up to so many digits apart, with exponents of up to two digits. */
const EXACT_DIGITS = 15;
const LONG_EXPONENT = /\d{3}/;

/**
 * Whether a double may lose what a number of JSON says. A fraction that is written as its double is printed has lost
 * nothing: so programs write most of them. A negative zero is long as well, as JSON.stringify loses its sign.
 */
export function isLongNumber(source: string): boolean {
  const [significand = '', exponent = ''] = source.split(/e/i);
  if (LONG_EXPONENT.test(exponent) || (source.startsWith('-') && Number(source) === 0)) return true;
  if (significand.replace(/[-.]/g, '').length <= EXACT_DIGITS) return false;
  return !source.includes('.') || String(Number(source)) !== source;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;
const DOT = 0x2e;
const NINE = 0x39;

function table(characters: string): Uint8Array {
  const codes = new Uint8Array(256);
  for (const code of Buffer.from(characters)) codes[code] = 1;
  return codes;
}

const IN_NUMBERS = table('0123456789.+-eE');
const BEFORE_NUMBERS = table(':,[ \t\r\n');
const AFTER_NUMBERS = table(',]} \t\r\n');

/** Of so many bytes in a row one is at a multiple of the stride, and another half a stride before or behind it. */
const STRIDE = EXACT_DIGITS + 1;

function hasLongRun(bytes: Uint8Array): boolean {
  for (let at = STRIDE - 1; at < bytes.length; at += STRIDE) {
    if (!isDigit(bytes[at]) || !(isDigit(bytes[at - STRIDE / 2]) || isDigit(bytes[at + STRIDE / 2]))) continue;
    const end = runEnd(bytes, at);
    if (isLongRun(bytes, runStart(bytes, at), end)) return true;
    // On at the last multiple before the end, so that no run is looked at twice.
    at = Math.max(at, end - (end % STRIDE) - 1);
  }
  return false;
}

/** A slash is taken for one, and the dot between digits is one of them. */
function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DOT && byte <= NINE;
}

function runStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && IN_NUMBERS[bytes[start - 1] as number] !== 0) start--;
  return start;
}

function runEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && IN_NUMBERS[bytes[end] as number] !== 0) end++;
  return end;
}

/** Whether the bytes are a number, as far as their neighbours tell, and a long one. */
function isLongRun(bytes: Uint8Array, start: number, end: number): boolean {
  if (BEFORE_NUMBERS[bytes[start - 1] as number] === 0 || AFTER_NUMBERS[bytes[end] as number] === 0) return false;
  return isLongNumber(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'));
}
