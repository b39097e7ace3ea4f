/** JSON payloads become Protobuf bytes: validated against the compiled message, with the path of everything wrong. */
import type { Field, MessageType, ValueType } from '../contract/message.ts';
import { isJsonObject, type JsonObjectValue } from '../json/exact-json.ts';
import { parseMapKey, scalarEncoder } from './encode-scalar.ts';
import { encodeTimestamp } from './encode-timestamp.ts';
import { type Encode, Encoding } from './encoding.ts';
import { FIXED32, FIXED64, LENGTH_DELIMITED, VARINT, type WireType } from './wire-writer.ts';

export type IssueCode =
  | 'MISSING_FIELD'
  | 'UNKNOWN_FIELD'
  | 'DUPLICATE_FIELD'
  | 'WRONG_TYPE'
  | 'OUT_OF_RANGE'
  | 'ONEOF_CONFLICT';

/** One thing wrong with a payload. `path` is as in `items[1].quantity`, empty for the payload itself. */
export interface PayloadIssue {
  readonly code: IssueCode;
  readonly path: string;
  /** Names what is allowed, never the value: a payload does not belong in an answer or a log. */
  readonly reason: string;
}

export type EncodeResult = { readonly bytes: Uint8Array } | { readonly issues: readonly PayloadIssue[] };
export type JsonEncoder = (payload: unknown) => EncodeResult;

/**
 * An encoder for payloads of the message, following the Protobuf JSON mapping (protobuf.dev, "ProtoJSON format") where
 * it loses nothing: 64-bit integers as numbers up to 2^53 or as strings, bytes as base64, timestamps in RFC 3339,
 * enums by name or number, null for an absent field. Stricter than the mapping in that required fields must be there
 * and unknown ones must not. Not reentrant: each call reuses one buffer. Reports at most `ISSUES_MAX` issues.
 */
export function compileJsonEncoder(message: MessageType): JsonEncoder {
  const encodeMessage = compileMessage(message);
  const encoding = new Encoding();
  return (payload) => {
    encoding.reset();
    encodeMessage(payload, encoding);
    return encoding.issues.length > 0 ? { issues: encoding.issues } : { bytes: encoding.out.bytes() };
  };
}

interface CompiledField {
  readonly field: Field;
  readonly encode: Encode;
  /** The field's other name, when it has two. */
  readonly alias: string | undefined;
}

function compileMessage(message: MessageType): Encode {
  const fields = fieldsByName(message);
  const required = message.fields.filter(({ cardinality }) => cardinality === 'required');
  const oneofs = Map.groupBy(message.fields, ({ oneof }) => oneof);
  oneofs.delete(undefined);
  return (value, encoding) => {
    if (!isJsonObject(value)) {
      encoding.refuse('WRONG_TYPE', `must be an object with the fields of ${message.name}`);
      return;
    }
    let requiredSeen = 0;
    for (const name of Object.keys(value)) {
      const known = fields.get(name);
      if (!known) {
        encoding.refuseField(name, 'UNKNOWN_FIELD', `is not a field of ${message.name}`);
      } else if (known.alias !== undefined && Object.hasOwn(value, known.alias)) {
        encoding.refuseField(name, 'DUPLICATE_FIELD', `is the same field as ${known.alias}, send one of the two`);
      } else if ((value[name] ?? null) !== null) {
        requiredSeen += known.field.cardinality === 'required' ? 1 : 0;
        encoding.path.push(name);
        known.encode(value[name], encoding);
        encoding.path.pop();
      }
    }
    if (requiredSeen < required.length) {
      refuseMissing(value, required, encoding);
    }
    for (const members of oneofs.values()) {
      checkOneof(value, members, encoding);
    }
  };
}

function fieldsByName(message: MessageType): ReadonlyMap<string, CompiledField> {
  const fields = new Map<string, CompiledField>();
  for (const field of message.fields) {
    const { name, jsonName } = field;
    const encode = compileField(field);
    const hasTwoNames = name !== jsonName;
    fields.set(name, { field, encode, alias: hasTwoNames ? jsonName : undefined });
    fields.set(jsonName, { field, encode, alias: hasTwoNames ? name : undefined });
  }
  return fields;
}

/** Null counts as absent, as in the Protobuf JSON mapping. What the object inherits (`constructor`) is not there. */
const isPresent = (value: JsonObjectValue, name: string): boolean =>
  Object.hasOwn(value, name) && (value[name] ?? null) !== null;

const isFieldPresent = (value: JsonObjectValue, { name, jsonName }: Field): boolean =>
  isPresent(value, name) || isPresent(value, jsonName);

function refuseMissing(value: JsonObjectValue, required: readonly Field[], encoding: Encoding): void {
  for (const field of required) {
    if (!isFieldPresent(value, field)) {
      encoding.refuseField(field.name, 'MISSING_FIELD', 'is required');
    }
  }
}

function checkOneof(value: JsonObjectValue, members: readonly Field[], encoding: Encoding): void {
  const set = members.filter((field) => isFieldPresent(value, field));
  if (set.length > 1) {
    encoding.refuse('ONEOF_CONFLICT', `at most one of ${set.map(({ name }) => name).join(', ')} may be set`);
  }
}

function compileField(field: Field): Encode {
  switch (field.cardinality) {
    case 'required':
    case 'optional':
      return compileTagged(field);
    case 'repeated':
      return compileRepeated(field);
    case 'map':
      return compileMap(field);
  }
}

function compileTagged(field: Field): Encode {
  const encodeValue = compileValue(field.type);
  const wireType = wireTypeOf(field.type);
  return (value, encoding) => {
    encoding.out.tag(field.number, wireType);
    encodeValue(value, encoding);
  };
}

/** Numbers are packed: one length, then the values. Everything else repeats its tag. */
function compileRepeated(field: Field): Encode {
  const packed = wireTypeOf(field.type) !== LENGTH_DELIMITED;
  const encodeElement = packed ? compileValue(field.type) : compileTagged(field);
  return (value, encoding) => {
    if (!Array.isArray(value)) {
      encoding.refuse('WRONG_TYPE', 'must be an array');
      return;
    }
    if (!packed || value.length === 0) {
      encodeElements(value, encodeElement, encoding);
      return;
    }
    encoding.out.tag(field.number, LENGTH_DELIMITED);
    const opened = encoding.out.open();
    encodeElements(value, encodeElement, encoding);
    encoding.out.close(opened);
  };
}

function encodeElements(elements: readonly unknown[], encodeElement: Encode, encoding: Encoding): void {
  for (let index = 0; index < elements.length; index++) {
    encoding.path.push(index);
    encodeElement(elements[index], encoding);
    encoding.path.pop();
  }
}

/** Each entry is a message: the key is field 1, the value field 2. */
function compileMap(field: Field): Encode {
  const keyScalar = field.mapKey ?? 'string';
  const keyWireType = wireTypeOf({ kind: 'scalar', scalar: keyScalar });
  const encodeKey = scalarEncoder(keyScalar);
  const valueWireType = wireTypeOf(field.type);
  const encodeValue = compileValue(field.type);
  return (value, encoding) => {
    if (!isJsonObject(value)) {
      encoding.refuse('WRONG_TYPE', 'must be an object');
      return;
    }
    const { out, path } = encoding;
    for (const key of Object.keys(value)) {
      path.push(key);
      out.tag(field.number, LENGTH_DELIMITED);
      const opened = out.open();
      out.tag(1, keyWireType);
      encodeKey(parseMapKey(keyScalar, key), encoding);
      out.tag(2, valueWireType);
      encodeValue(value[key], encoding);
      out.close(opened);
      path.pop();
    }
  };
}

function compileValue(type: ValueType): Encode {
  switch (type.kind) {
    case 'scalar':
      return scalarEncoder(type.scalar);
    case 'timestamp':
      return encodeTimestamp;
    case 'enum':
      return compileEnum(type.enum.values);
    case 'message': {
      const encodeMessage = compileMessage(type.message);
      return (value, encoding) => {
        const opened = encoding.out.open();
        encodeMessage(value, encoding);
        encoding.out.close(opened);
      };
    }
  }
}

function compileEnum(values: Readonly<Record<string, number>>): Encode {
  const numbers = new Map<unknown, number>(Object.entries(values));
  for (const number of Object.values(values)) {
    numbers.set(number, number);
  }
  const allowed = `must be one of ${Object.keys(values).join(', ')}`;
  return (value, encoding) => {
    const number = numbers.get(value);
    if (number === undefined) {
      encoding.refuse(typeof value === 'string' || typeof value === 'number' ? 'OUT_OF_RANGE' : 'WRONG_TYPE', allowed);
    } else {
      encoding.out.varint(number);
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
