/** Single JSON values into a leaf's store: what each type of a JSON Schema takes. */
import { isBase64 } from '../base64.ts';
import type { LeafNode } from '../parquet/column-tree.ts';
import { type LeafAppender, leafAppender } from '../parquet/leaf-appender.ts';
import { type Rejection, reject } from '../parquet/rejection.ts';
import { parseTimestamp } from '../protobuf/encode-timestamp.ts';
import { exactInteger, LongNumber, nearestDouble } from './exact-json.ts';
import type { JsonLeaf } from './json-type.ts';

/**
 * The appender of values that are there: integers exactly, times as RFC 3339 with a zone and no more than six decimals,
 * dates as `2026-11-20`, bytes as base64.
 *
 * @returns undefined where the column cannot hold every value of the type
 */
export function jsonLeafAppender(type: JsonLeaf, leaf: LeafNode): LeafAppender | undefined {
  if (!fits(type, leaf)) return undefined;
  const push = leafAppender(leaf);
  switch (type.column.kind) {
    case 'int':
      return within(type, exactInteger, push, reject('type', 'an integer is required'));
    case 'double':
      return within(type, nearestDouble, push, reject('type', 'a number that a double holds is required'));
    case 'enum':
      return enumAppender(type.values ?? [], push);
    case 'timestamp':
      return timestampAppender(push);
    case 'date':
      return converted(days, push, reject('type', 'a date such as 2026-11-20 is required'));
    case 'bytes':
      return converted(base64, push, reject('type', 'text in base64 is required'));
    default:
      return (value) => push(value instanceof LongNumber ? Number(value.text) : value);
  }
}

/** Of the same type, or an integer of more bits. */
function fits({ column }: JsonLeaf, leaf: LeafNode): boolean {
  const { type } = leaf.column;
  if (column.kind !== 'int' || type.kind !== 'int') return column.kind === type.kind;
  return column.bits === type.bits ? column.signed === type.signed : column.bits < type.bits && type.signed;
}

function converted(convert: (value: unknown) => unknown, push: LeafAppender, wrong: Rejection): LeafAppender {
  return (value) => {
    const plain = convert(value);
    return plain === undefined ? wrong : push(plain);
  };
}

function within(
  { minimum, maximum }: JsonLeaf,
  convert: (value: unknown) => number | bigint | undefined,
  push: LeafAppender,
  wrong: Rejection,
): LeafAppender {
  const bounds = [
    ...(minimum === undefined ? [] : [`of at least ${minimum}`]),
    ...(maximum === undefined ? [] : [`of at most ${maximum}`]),
  ];
  const outside = reject('range', `a number ${bounds.join(' and ')} is required`);
  return (value) => {
    const number = convert(value);
    if (number === undefined) return wrong;
    if ((minimum !== undefined && number < minimum) || (maximum !== undefined && number > maximum)) return outside;
    return push(number);
  };
}

function enumAppender(values: readonly string[], push: LeafAppender): LeafAppender {
  const known = new Set<unknown>(values);
  const unknown = reject('enum', 'one of the values that the schema lists is required');
  return (value) => (known.has(value) ? push(value) : unknown);
}

function timestampAppender(push: LeafAppender): LeafAppender {
  const wrong = reject('type', 'a time with a zone as in RFC 3339, such as 2026-11-20T12:30:00.123456Z, is required');
  const tooFine = reject('range', 'a time no finer than a microsecond is required');
  return (value) => {
    const instant = typeof value === 'string' ? parseTimestamp(value) : undefined;
    if (!instant) return wrong;
    if (instant.nanos % 1000 !== 0) return tooFine;
    const micros = instant.seconds * 1_000_000 + instant.nanos / 1000;
    return push(
      Number.isSafeInteger(micros) ? micros : BigInt(instant.seconds) * 1_000_000n + BigInt(instant.nanos / 1000),
    );
  };
}

function days(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length !== 10) return undefined;
  const midnight = parseTimestamp(`${value}T00:00:00Z`);
  return midnight && midnight.seconds / 86_400;
}

function base64(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && isBase64(value) ? Buffer.from(value, 'base64') : undefined;
}
