/** JSON of which nothing is lost: numbers keep all their digits, and names that come twice are told. */
import { parseJsonText } from '../json-text.ts';
import { isLongNumber, type JsonSurvey, surveyJson } from './json-survey.ts';
import { type JsonPath, repeatedNames } from './repeated-names.ts';

/** A number that a double may not hold, as it was written. */
export class LongNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** The digits as they are, not text. */
  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.text);
  }
}

export type JsonObjectValue = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObjectValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LongNumber);
}

export interface ExactJson {
  /** Numbers that a double may not hold are a `LongNumber`. */
  readonly value: unknown;
  /** Where an object has a name for another time; of its values the last is in `value`. */
  readonly repeated: readonly JsonPath[];
}

/**
 * What a parser lost of a text. Where that is nothing, it takes a fraction of the parse; a reviver, which sees every
 * value, would cost three times the parse.
 *
 * @param bytes the text in UTF-8
 * @param parsed what `JSON.parse` made of the text
 */
export function exactJson(bytes: Uint8Array, text: string, parsed: unknown): ExactJson {
  const survey = surveyJson(bytes, text);
  const { names, hasLongNumber } = surveyValues(parsed);
  const value = survey.hasLongNumber || hasLongNumber ? JSON.parse(text, keepDigits) : parsed;
  return { value, repeated: survey.names === names ? [] : repeatedNames(text) };
}

/**
 * The value of the text, in which numbers that a double may not hold are a `LongNumber`.
 *
 * @throws SyntaxError when it is not JSON, has half of a surrogate pair in a string, or a name twice in an object
 */
export function parseExactJson(text: string): unknown {
  const { value, repeated } = exactJson(Buffer.from(text), text, parseJsonText(text));
  if (repeated[0]) throw new SyntaxError(`an object has the name "${repeated[0].at(-1)}" twice`);
  return value;
}

/** The integer that a JSON number is, also one written as `1.0`; undefined where it is no integer or has lost digits. */
export function exactInteger(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (!(value instanceof LongNumber)) return undefined;
  const digits = /^(-?\d+)(?:\.0+)?$/.exec(value.text)?.[1];
  // Longer ones are beyond 64 bits already when cut, and all their digits would take quadratic time.
  return digits === undefined ? undefined : BigInt(digits.slice(0, INTEGER_LENGTH_MAX + 1));
}

/** The digits of 2^64 - 1, or those of -2^63 with the sign. */
const INTEGER_LENGTH_MAX = 20;

/** The double nearest to a JSON number; undefined where it is none, or beyond all doubles. */
export function nearestDouble(value: unknown): number | undefined {
  const number = value instanceof LongNumber ? Number(value.text) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return isLongNumber(context.source) ? new LongNumber(context.source) : value;
}

/**
 * The names that are left, and whether a number shows that it is long, as negative zeros do.
 * Without recursion, as the value may be nested deeper than the stack.
 */
function surveyValues(parsed: unknown): JsonSurvey {
  const containers = [parsed];
  let names = 0;
  let hasLongNumber = false;
  for (let container = containers.pop(); container !== undefined; container = containers.pop()) {
    if (Array.isArray(container)) {
      for (const item of container) {
        if (typeof item === 'object') containers.push(item);
        else if (Object.is(item, -0)) hasLongNumber = true;
      }
      continue;
    }
    // Faster than Object.values; what JSON.parse makes has no properties but its own.
    for (const name in container as JsonObjectValue) {
      const item = (container as JsonObjectValue)[name];
      names++;
      if (typeof item === 'object') containers.push(item);
      else if (Object.is(item, -0)) hasLongNumber = true;
    }
  }
  return { names, hasLongNumber };
}
