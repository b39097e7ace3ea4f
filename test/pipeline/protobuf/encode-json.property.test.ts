/** Independent evidence: what protobuf-es reads from the JSON is what it reads from the bytes. */

import type { JsonValue } from '@bufbuild/protobuf';
import { equals, fromBinary, fromJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type Field, type MessageType, SCALAR_TYPES, type ValueType } from '../../../pipeline/contract/message.ts';
import { compileJsonEncoder } from '../../../pipeline/protobuf/encode-json.ts';
import { arbitraryMessage, MAP_KEY_TYPES } from '../contract/arbitrary-message.ts';
import { arbitraryPayload } from './arbitrary-payload.ts';
import { messageDescriptor } from './message-descriptor.ts';

/** Encodes random payloads of the message and compares the bytes, read back, with the payload. */
function expectFaithful(message: MessageType, runs: number): void {
  const descriptor = messageDescriptor(message);
  const encode = compileJsonEncoder(message);
  const property = fc.property(arbitraryPayload(message), (payload) => {
    const result = encode(payload);
    const bytes = 'bytes' in result ? result.bytes : result.issues;
    expect(bytes).toBeInstanceOf(Buffer);
    const fromBytes = fromBinary(descriptor, bytes as Uint8Array);
    const isEqual = equals(descriptor, fromBytes, fromJson(descriptor, payload as JsonValue));
    expect({ payload, isEqual, unknown: fromBytes.$unknown }).toEqual({ payload, isEqual: true });
  });
  fc.assert(property, { numRuns: runs });
}

const field = (number: number, rest: Partial<Field> & Pick<Field, 'type'>): Field => ({
  name: `f${number}`,
  jsonName: `f${number}`,
  number,
  cardinality: 'required',
  ...rest,
});

test('compileJsonEncoder: random messages with random payloads read back as the same values', () => {
  const messages = fc.property(arbitraryMessage('Payload', 2), (message) => expectFaithful(message, 8));
  fc.assert(messages, { numRuns: 100 });
});

test.each(SCALAR_TYPES)('compileJsonEncoder: every %s reads back the same, in every place', (scalar) => {
  const type: ValueType = { kind: 'scalar', scalar };
  const fields = [
    field(1, { type }),
    field(2, { type, cardinality: 'optional' }),
    field(3, { type, cardinality: 'repeated' }),
    field(4, { type, cardinality: 'map', mapKey: 'string' }),
    field(5, { type, cardinality: 'optional', oneof: 'choice' }),
  ];
  expectFaithful({ name: 'Payload', fields }, 100);
});

test.each(MAP_KEY_TYPES)('compileJsonEncoder: every map key of type %s reads back the same', (mapKey) => {
  const fields = [field(1, { type: { kind: 'timestamp' }, cardinality: 'map', mapKey })];
  expectFaithful({ name: 'Payload', fields }, 100);
});

// protobuf.dev, "Encoding": readers may skip the check, so protobuf-es does not notice a wrong one.
const WIRE_TYPES: ReadonlyArray<readonly [ValueType, number, unknown]> = [
  ...['int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64'].map((type) => scalarCase(type, 0, 1)),
  scalarCase('bool', 0, true),
  ...['fixed64', 'sfixed64', 'double'].map((type) => scalarCase(type, 1, 1)),
  ...['fixed32', 'sfixed32', 'float'].map((type) => scalarCase(type, 5, 1)),
  scalarCase('string', 2, 'AA=='),
  scalarCase('bytes', 2, 'AA=='),
  [{ kind: 'timestamp' }, 2, '2026-11-20T12:30:00Z'],
  [{ kind: 'enum', enum: { name: 'E', values: { A: 0 } } }, 0, 'A'],
  [{ kind: 'message', message: { name: 'M', fields: [] } }, 2, {}],
];

function scalarCase(type: string, wireType: number, value: unknown): readonly [ValueType, number, unknown] {
  return [{ kind: 'scalar', scalar: type as (typeof SCALAR_TYPES)[number] }, wireType, value];
}

test.each(WIRE_TYPES)(
  'compileJsonEncoder: %j has wire type %d, in a field, a list and a map',
  (type, wireType, value) => {
    const first = (fieldOf: Partial<Field>, payload: unknown): number[] => {
      const result = compileJsonEncoder({ name: 'P', fields: [field(1, { type, ...fieldOf })] })({ f1: payload });
      return [...('bytes' in result ? result.bytes : [])];
    };
    expect(first({}, value)[0]).toBe(8 + wireType);
    expect(first({ cardinality: 'repeated' }, [value])[0]).toBe(8 + 2);
    expect(first({ cardinality: 'map', mapKey: 'string' }, { k: value }).toSpliced(1, 1).slice(0, 5)).toEqual([
      ...[8 + 2, 8 + 2, 1, 'k'.charCodeAt(0)],
      16 + wireType,
    ]);
    const isKey = type.kind === 'scalar' && MAP_KEY_TYPES.includes(type.scalar);
    const entry = isKey
      ? first({ cardinality: 'map', mapKey: type.scalar }, { [String(value)]: value })
      : [10, 0, 8 + wireType];
    expect(entry[2]).toBe(8 + wireType);
  },
);

test('compileJsonEncoder: parts of any length read back the same, around each size of the length prefix', () => {
  const item: MessageType = { name: 'Payload.Item', fields: [field(1, { type: { kind: 'scalar', scalar: 'bytes' } })] };
  const inner: MessageType = {
    name: 'Payload.Inner',
    fields: [field(1, { type: { kind: 'message', message: item } })],
  };
  const message: MessageType = { name: 'Payload', fields: [field(1, { type: { kind: 'message', message: inner } })] };
  const encode = compileJsonEncoder(message);
  for (const size of [
    0, 1, 120, 125, 126, 127, 128, 129, 16_370, 16_379, 16_380, 16_383, 16_384, 2_097_150, 2_097_160,
  ]) {
    const content = Buffer.alloc(size, 7);
    const result = encode({ f1: { f1: { f1: content.toString('base64') } } });
    expect(readNested(result, 3).equals(content)).toBe(true);
  }
});

/** Peels length-delimited fields of number 1 by hand. */
function readNested(result: ReturnType<ReturnType<typeof compileJsonEncoder>>, depth: number): Buffer {
  let bytes = Buffer.from('bytes' in result ? result.bytes : []);
  for (let level = 0; level < depth; level++) {
    expect(bytes[0]).toBe(0x0a);
    let [at, size, shift] = [1, 0, 0];
    for (let more = true; more; at++, shift += 7) {
      const byte = bytes[at] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      more = byte > 0x7f;
    }
    expect(bytes.length - at).toBe(size);
    bytes = bytes.subarray(at);
  }
  return bytes;
}
