/** JSON as people write it into the plain values of an Avro type. */
import { isBase64 } from '../base64.ts';
import { exactInteger, isJsonObject, LongNumber, nearestDouble } from '../json/exact-json.ts';
import { unscaledDigits } from '../parquet/decimal-appender.ts';
import type { IssueCode, PayloadIssue } from '../protobuf/encode-json.ts';
import { parseTimestamp } from '../protobuf/encode-timestamp.ts';
import { shortName } from '../protobuf/encoding.ts';
import type { AvroEnum, AvroLeaf, AvroRecord, AvroType } from './avro-type.ts';

export interface PlainAvroValue {
  /** In the form that `valueAppender` takes; what has another form than its type stays as it is, for columns to refuse. */
  readonly value: unknown;
  /** What columns would not notice. */
  readonly issues: readonly PayloadIssue[];
}

type Refuse = (code: IssueCode, path: string, reason: string) => void;
type Convert = (json: unknown, path: string, refuse: Refuse) => unknown;

/** More would not help the author of a payload. */
const ISSUES_MAX = 10;

export function plainAvroValue(record: AvroRecord): (json: unknown) => PlainAvroValue {
  const convert = recordConverter(record);
  return (json) => {
    const issues: PayloadIssue[] = [];
    const refuse: Refuse = (code, path, reason) => {
      if (issues.length < ISSUES_MAX) issues.push({ code, path, reason });
    };
    const value = convert(json, '', refuse);
    if (!isJsonObject(json)) refuse('WRONG_TYPE', '', `must be an object with the fields of ${record.name}`);
    return { value, issues };
  };
}

function converter(type: AvroType): Convert {
  if (type.kind === 'leaf' || type.kind === 'optional') return typeConverter(type);
  const convert = typeConverter(type);
  return (json, path, refuse) => convert(plainNumber(json), path, refuse);
}

/** For types that hold no number: columns say what they hold instead. */
const plainNumber = (json: unknown): unknown => (json instanceof LongNumber ? Number(json.text) : json);

function typeConverter(type: AvroType): Convert {
  switch (type.kind) {
    case 'leaf':
      return leafConverter(type);
    case 'enum':
      return enumConverter(type);
    case 'array': {
      const convert = converter(type.items);
      return (json, path, refuse) =>
        Array.isArray(json) ? json.map((item, i) => convert(item, `${path}[${i}]`, refuse)) : json;
    }
    case 'map': {
      const convert = converter(type.values);
      return (json, path, refuse) => {
        if (!isJsonObject(json)) return json;
        return new Map(Object.entries(json).map(([key, item], i) => [key, convert(item, `${path}[${i}]`, refuse)]));
      };
    }
    case 'optional': {
      const convert = converter(type.type);
      return (json, path, refuse) => (json === null ? null : convert(json, path, refuse));
    }
    case 'record':
      return recordConverter(type);
  }
}

function recordConverter({ name: recordName, fields }: AvroRecord): Convert {
  const known = new Set(fields.map(({ name }) => name));
  const converters = fields.map(({ name, type, fallback }) => [name, converter(type), fallback] as const);
  return (json, path, refuse) => {
    if (!isJsonObject(json)) return json;
    const within = (name: string) => (path === '' ? name : `${path}.${name}`);
    for (const name of Object.keys(json)) {
      if (!known.has(name)) refuse('UNKNOWN_FIELD', within(shortName(name)), `is not a field of ${recordName}`);
    }
    const values = converters.map(([name, convert, fallback]) => {
      const value = Object.hasOwn(json, name) ? convert(json[name], within(name), refuse) : fallback;
      return [name, value] as const;
    });
    return Object.fromEntries(values);
  };
}

function enumConverter({ symbols }: AvroEnum): Convert {
  return (json, path, refuse) => {
    if (json !== null && !symbols.some((symbol) => symbol === json)) {
      refuse('OUT_OF_RANGE', path, `must be one of ${symbols.join(', ')}`);
    }
    return json;
  };
}

function leafConverter({ wire, size, column }: AvroLeaf): Convert {
  switch (column.kind) {
    case 'timestamp':
      return timestampConverter(column.unit === 'micros' ? 1_000_000 : 1000);
    case 'date':
      return (json, path, refuse) => {
        if (typeof json !== 'string') return json;
        const day = days(json);
        if (day === undefined) refuse('WRONG_TYPE', path, 'must be a date that there is, such as 2026-11-20');
        return day;
      };
    case 'decimal':
      return decimalConverter(column.scale);
    case 'int':
      return (json) => {
        // As a number, which is refused beyond 2^53: who wrote so many digits may have lost some before.
        if (json instanceof LongNumber) return Number(exactInteger(json));
        return wire === 'long' && typeof json === 'string' && INTEGER.test(json) ? BigInt(json) : json;
      };
    case 'bytes':
      return (json, path, refuse) => {
        if (typeof json !== 'string' || !isBase64(json)) {
          if (json !== null) refuse('WRONG_TYPE', path, 'must be a string in base64');
          return json;
        }
        const bytes = new Uint8Array(Buffer.from(json, 'base64'));
        if (wire === 'fixed' && bytes.length !== size) refuse('OUT_OF_RANGE', path, `must be ${size} bytes`);
        return bytes;
      };
    case 'float':
    case 'double':
      return (json, path, refuse) => {
        if (typeof json !== 'number' && !(json instanceof LongNumber)) return json;
        // JSON has no infinity: that is what JSON.parse makes of a number beyond the largest.
        const number = nearestDouble(json);
        if (number === undefined) refuse('OUT_OF_RANGE', path, `must be at most ${Number.MAX_VALUE} in size`);
        return number;
      };
    default:
      return plainNumber;
  }
}

/** As many digits as 64 bits have. */
const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;
const NANOS = 1_000_000_000;

function timestampConverter(perSecond: number): Convert {
  const nanosPerUnit = NANOS / perSecond;
  return (json, path, refuse) => {
    const instant = typeof json === 'string' ? parseTimestamp(json) : undefined;
    if (!instant) {
      // A number would be one of the encoding's; the event's time must be text all the same.
      if (json !== null) refuse('WRONG_TYPE', path, 'must be a time with a zone as in RFC 3339');
      return json;
    }
    if (instant.nanos % nanosPerUnit !== 0) {
      refuse('OUT_OF_RANGE', path, `must not be finer than 1/${perSecond} of a second`);
    }
    return BigInt(instant.seconds) * BigInt(perSecond) + BigInt(Math.floor(instant.nanos / nanosPerUnit));
  };
}

function decimalConverter(scale: number): Convert {
  return (json, path, refuse) => {
    const isLong = json instanceof LongNumber;
    const digits = isLong ? json.text : json;
    if ((isLong || typeof json === 'number') && String(digits).replace(/[-.]/g, '').length > 15) {
      refuse('OUT_OF_RANGE', path, 'must be text where it has more than 15 digits, as a number may have lost some');
    }
    const unscaled = unscaledDigits(digits, scale);
    return typeof unscaled === 'bigint' ? unscaled : digits;
  };
}

function days(text: string): number | undefined {
  const midnight = text.length === 10 ? parseTimestamp(`${text}T00:00:00Z`) : undefined;
  return midnight && midnight.seconds / 86_400;
}
