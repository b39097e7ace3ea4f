/** JSON payloads become Protobuf bytes: validated against the compiled message, with the path of everything wrong. */
import type { Field, MessageType, ValueType } from '../contract/message.ts';
import { parseMapKey, scalarEncoder } from './encode-scalar.ts';
import { encodeTimestamp } from './encode-timestamp.ts';
import { FIXED32, FIXED64, LENGTH_DELIMITED, VARINT, type WireType, WireWriter } from './wire-writer.ts';

export type IssueCode = 'MISSING_FIELD' | 'UNKNOWN_FIELD' | 'WRONG_TYPE' | 'OUT_OF_RANGE' | 'ONEOF_CONFLICT';

/** One thing wrong with a payload. `path` is as in `items[1].quantity`, empty for the payload itself. */
export interface PayloadIssue {
  readonly code: IssueCode;
  readonly path: string;
  /** Names what is allowed, never the value: a payload does not belong in an answer or a log. */
  readonly reason: string;
}

export type EncodeResult = { readonly bytes: Uint8Array } | { readonly issues: readonly PayloadIssue[] };
export type JsonEncoder = (payload: unknown) => EncodeResult;

/** Reports a value as unfit: what is wrong, at the path where the encoder is. */
export type Refuse = (code: IssueCode, reason: string) => void;

/** More would not help the author of a payload, and would make the answer larger than the question. */
export const ISSUES_MAX = 10;

interface Encoding {
  readonly out: WireWriter;
  readonly path: Array<string | number>;
  readonly issues: PayloadIssue[];
  readonly refuse: Refuse;
}

type Encode = (value: unknown, encoding: Encoding) => void;

/**
 * An encoder for payloads of the message, following the Protobuf JSON mapping (protobuf.dev, "ProtoJSON format") where
 * it loses nothing: 64-bit integers as numbers up to 2^53 or as strings, bytes as base64, timestamps in RFC 3339,
 * enums by name or number. Stricter than the mapping in that required fields must be there and unknown ones must not.
 * Not reentrant: each call reuses one buffer.
 */
export function compileJsonEncoder(message: MessageType): JsonEncoder {
  const encodeMessage = compileMessage(message);
  const out = new WireWriter();
  return (payload) => {
    out.reset();
    const encoding = startEncoding(out);
    encodeMessage(payload, encoding);
    return encoding.issues.length > 0 ? { issues: encoding.issues.slice(0, ISSUES_MAX) } : { bytes: out.bytes() };
  };
}

function startEncoding(out: WireWriter): Encoding {
  const path: Array<string | number> = [];
  const issues: PayloadIssue[] = [];
  const refuse: Refuse = (code, reason) => {
    if (issues.length < ISSUES_MAX) {
      issues.push({ code, path: formatPath(path), reason });
    }
  };
  return { out, path, issues, refuse };
}

const formatPath = (path: ReadonlyArray<string | number>): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');

function compileMessage(message: MessageType): Encode {
  const fields = new Map<string, { readonly field: Field; readonly encode: Encode }>();
  for (const field of message.fields) {
    const compiled = { field, encode: compileField(field) };
    fields.set(field.jsonName, compiled).set(field.name, compiled);
  }
  const required = message.fields.filter(({ cardinality }) => cardinality === 'required');
  const oneofs = new Set(message.fields.flatMap(({ oneof }) => oneof ?? []));
  return (value, encoding) => {
    if (!isObject(value)) {
      encoding.refuse('WRONG_TYPE', `must be an object with the fields of ${message.name}`);
      return;
    }
    for (const name of Object.keys(value)) {
      const known = fields.get(name);
      encoding.path.push(name);
      if (!known) {
        encoding.refuse('UNKNOWN_FIELD', `${message.name} has no such field`);
      } else if (value[name] !== null && value[name] !== undefined) {
        known.encode(value[name], encoding);
      }
      encoding.path.pop();
    }
    checkPresence(value, required, encoding);
    if (oneofs.size > 0) {
      checkOneofs(value, message, oneofs, encoding);
    }
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null counts as absent, as in the Protobuf JSON mapping. */
const isPresent = (value: Record<string, unknown>, { name, jsonName }: Field): boolean =>
  (value[name] ?? value[jsonName] ?? null) !== null;

function checkPresence(value: Record<string, unknown>, required: readonly Field[], encoding: Encoding): void {
  for (const field of required) {
    if (!isPresent(value, field)) {
      encoding.path.push(field.name);
      encoding.refuse('MISSING_FIELD', 'is required');
      encoding.path.pop();
    }
  }
}

function checkOneofs(
  value: Record<string, unknown>,
  message: MessageType,
  oneofs: ReadonlySet<string>,
  encoding: Encoding,
): void {
  for (const oneof of oneofs) {
    const set = message.fields.filter((field) => field.oneof === oneof && isPresent(value, field));
    if (set.length > 1) {
      encoding.refuse('ONEOF_CONFLICT', `at most one of ${set.map(({ name }) => name).join(', ')} may be set`);
    }
  }
}

function compileField(field: Field): Encode {
  const encodeValue = compileValue(field.type);
  const tag = wireTypeOf(field.type);
  switch (field.cardinality) {
    case 'required':
    case 'optional':
      return (value, encoding) => {
        encoding.out.tag(field.number, tag);
        encodeValue(value, encoding);
      };
    case 'repeated':
      return compileRepeated(field, encodeValue);
    case 'map':
      return compileMap(field, encodeValue);
  }
}

/** Numbers are packed: one length, then the values. Everything else repeats its tag. */
function compileRepeated(field: Field, encodeValue: Encode): Encode {
  const tag = wireTypeOf(field.type);
  return (value, encoding) => {
    if (!Array.isArray(value)) {
      encoding.refuse('WRONG_TYPE', 'must be an array');
      return;
    }
    const { out } = encoding;
    if (tag === LENGTH_DELIMITED) {
      encodeElements(value, encoding, (element) => {
        out.tag(field.number, tag);
        encodeValue(element, encoding);
      });
    } else if (value.length > 0) {
      out.tag(field.number, LENGTH_DELIMITED);
      out.delimited(() => encodeElements(value, encoding, (element) => encodeValue(element, encoding)));
    }
  };
}

function encodeElements(elements: readonly unknown[], encoding: Encoding, encode: (element: unknown) => void): void {
  for (const [index, element] of elements.entries()) {
    encoding.path.push(index);
    encode(element);
    encoding.path.pop();
  }
}

function compileMap(field: Field, encodeValue: Encode): Encode {
  const keyScalar = field.mapKey ?? 'string';
  const keyTag = wireTypeOf({ kind: 'scalar', scalar: keyScalar });
  const encodeKey = scalarEncoder(keyScalar);
  const valueTag = wireTypeOf(field.type);
  return (value, encoding) => {
    if (!isObject(value)) {
      encoding.refuse('WRONG_TYPE', 'must be an object');
      return;
    }
    const { out } = encoding;
    for (const key of Object.keys(value)) {
      encoding.path.push(key);
      out.tag(field.number, LENGTH_DELIMITED);
      out.delimited(() => {
        out.tag(1, keyTag);
        encodeKey(parseMapKey(keyScalar, key), out, encoding.refuse);
        out.tag(2, valueTag);
        encodeValue(value[key], encoding);
      });
      encoding.path.pop();
    }
  };
}

function compileValue(type: ValueType): Encode {
  switch (type.kind) {
    case 'scalar': {
      const encodeScalar = scalarEncoder(type.scalar);
      return (value, { out, refuse }) => encodeScalar(value, out, refuse);
    }
    case 'timestamp':
      return (value, { out, refuse }) => encodeTimestamp(value, out, refuse);
    case 'enum':
      return compileEnum(type.enum.values);
    case 'message': {
      const encodeMessage = compileMessage(type.message);
      return (value, encoding) => encoding.out.delimited(() => encodeMessage(value, encoding));
    }
  }
}

function compileEnum(values: Readonly<Record<string, number>>): Encode {
  const numbers = new Map<unknown, number>(Object.entries(values));
  for (const number of Object.values(values)) {
    numbers.set(number, number);
  }
  const encodeNumber = scalarEncoder('int32');
  const allowed = `must be one of ${Object.keys(values).join(', ')}`;
  return (value, { out, refuse }) => {
    const number = numbers.get(value);
    if (number === undefined) {
      refuse(typeof value === 'string' || typeof value === 'number' ? 'OUT_OF_RANGE' : 'WRONG_TYPE', allowed);
    } else {
      encodeNumber(number, out, refuse);
    }
  };
}

function wireTypeOf(type: ValueType): WireType {
  if (type.kind === 'enum') {
    return VARINT;
  }
  if (type.kind !== 'scalar') {
    return LENGTH_DELIMITED;
  }
  switch (type.scalar) {
    case 'string':
    case 'bytes':
      return LENGTH_DELIMITED;
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return FIXED64;
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return FIXED32;
    default:
      return VARINT;
  }
}
