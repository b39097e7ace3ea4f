/** JSON whose numbers keep all their digits. */
import { parseJsonText } from '../json-text.ts';

/** A number of more digits than a double surely holds, as it was written. */
export class LongNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A double tells all decimal numbers of up to so many digits apart. */
const EXACT_DIGITS = 15;
/** Where text has no such run, no number is long: a reviver, which sees every value, would cost three times the parse. */
const LONG_RUN = /\d[\d.]{15}/;

/**
 * The value of the text, in which longer numbers than a double holds are a `LongNumber`.
 *
 * @throws SyntaxError when it is not JSON, or has half of a surrogate pair in a string
 */
export function parseExactJson(text: string): unknown {
  const value = parseJsonText(text);
  return LONG_RUN.test(text) ? JSON.parse(text, keepDigits) : value;
}

/** The integer that a JSON number is, also one written as `1.0`; undefined where it is no integer or has lost digits. */
export function exactInteger(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (!(value instanceof LongNumber)) return undefined;
  const digits = /^(-?\d+)(?:\.0+)?$/.exec(value.text)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

/** The double nearest to a JSON number; undefined where it is none, or beyond all doubles. */
export function nearestDouble(value: unknown): number | undefined {
  const number = value instanceof LongNumber ? Number(value.text) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const { source } = context;
  const [significand = ''] = source.split(/e/i);
  return significand.replace(/[-.]/g, '').length > EXACT_DIGITS ? new LongNumber(source) : value;
}
