/** Random message types, and messages of them in the form that protobuf-es takes. */
import fc from 'fast-check';
import type { Field, MessageType, ScalarType, ValueType } from '../../../pipeline/contract/message.ts';
import { SCALAR_WIRE_TYPES } from '../../../pipeline/protobuf/scalar-reader.ts';

const SCALARS = Object.keys(SCALAR_WIRE_TYPES) as ScalarType[];
const KEYS: readonly ScalarType[] = ['string', 'bool', 'int32', 'sint64', 'fixed32', 'uint64', 'sfixed64'];
const COLOR = { name: 'Color', values: { NONE: 0, RED: 1, BLUE: -2, AZURE: -2 } };

/** Message types with fields of every cardinality, and sub-messages to the given depth. */
export function arbitraryMessageType(depth: number): fc.Arbitrary<MessageType> {
  return fc.array(arbitraryField(depth), { minLength: 1, maxLength: 6 }).map((fields) => messageOf('M', fields));
}

/** What protobuf-es's `create` takes for a message of this type; required sub-messages are always there. */
export function arbitraryInit(message: MessageType): fc.Arbitrary<Record<string, unknown>> {
  const members = message.fields.filter((field) => field.oneof !== undefined);
  const others = message.fields.filter((field) => field.oneof === undefined);
  const init = fc.record(Object.fromEntries(others.map((field) => [field.name, arbitraryFieldInit(field)])));
  if (members.length === 0) return init;
  const choice = fc.oneof(
    fc.constant({ case: undefined }),
    ...members.map((field) => fc.record({ case: fc.constant(field.name), value: arbitraryValueInit(field.type) })),
  );
  return fc.tuple(init, choice).map(([rest, choose]) => ({ ...rest, choice: choose }));
}

type Draft = Pick<Field, 'cardinality' | 'type' | 'mapKey' | 'oneof'>;

/** Tags of one byte up to number 15, of two up to 2047, of three from there on: 3001 and 7501. */
const TAG_SPREADS = [1, 100, 1500] as const;

/** Names are unique in the file and the tags of numbers spread over one to three bytes. */
function messageOf(name: string, drafts: readonly Draft[]): MessageType {
  const fields = drafts.map((draft, i): Field => {
    const { type } = draft;
    const own = type.kind === 'message' ? messageOf(`${name}_f${i}`, type.message.fields) : undefined;
    const field = { ...draft, name: `f${i}`, jsonName: `f${i}`, number: 1 + i * (TAG_SPREADS[i % 3] as number) };
    return own ? { ...field, type: { kind: 'message', message: own } } : field;
  });
  return { name, fields };
}

function arbitraryField(depth: number): fc.Arbitrary<Draft> {
  const type = arbitraryValueType(depth);
  return fc.oneof(
    fc.record({ cardinality: fc.constantFrom<Field['cardinality'][]>('required', 'optional', 'repeated'), type }),
    fc.record({ cardinality: fc.constant('optional' as const), type, oneof: fc.constant('choice') }),
    fc.record({ cardinality: fc.constant('map' as const), type, mapKey: fc.constantFrom(...KEYS) }),
  );
}

function arbitraryValueType(depth: number): fc.Arbitrary<ValueType> {
  const flat = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('scalar' as const), scalar: fc.constantFrom(...SCALARS) }) },
    { weight: 1, arbitrary: fc.constant<ValueType>({ kind: 'timestamp' }) },
    { weight: 1, arbitrary: fc.constant<ValueType>({ kind: 'enum', enum: COLOR }) },
  );
  if (depth === 0) return flat;
  const message = arbitraryMessageType(depth - 1).map((inner): ValueType => ({ kind: 'message', message: inner }));
  return fc.oneof({ weight: 3, arbitrary: flat }, { weight: 1, arbitrary: message });
}

function arbitraryFieldInit({ cardinality, type, mapKey }: Field): fc.Arbitrary<unknown> {
  const value = arbitraryValueInit(type);
  switch (cardinality) {
    case 'required':
      return value;
    case 'optional':
      return fc.option(value, { nil: undefined });
    case 'repeated':
      return fc.array(value, { maxLength: 4 });
    case 'map': {
      const key = arbitraryScalar(mapKey ?? 'string').map(String);
      return fc.dictionary(key, value, { maxKeys: 4 });
    }
  }
}

function arbitraryValueInit(type: ValueType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'scalar':
      return arbitraryScalar(type.scalar);
    case 'enum':
      return fc.constantFrom(...Object.values(type.enum.values));
    case 'message':
      return arbitraryInit(type.message);
    case 'timestamp':
      return fc.record({
        seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
        nanos: fc.integer({ min: 0, max: 999_999_999 }),
      });
  }
}

function arbitraryScalar(scalar: ScalarType): fc.Arbitrary<unknown> {
  switch (scalar) {
    case 'double':
      return fc.double();
    case 'float':
      return fc.float();
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll('\0', ' '));
    case 'bytes':
      return fc.uint8Array({ maxLength: 80 });
    default: {
      const signed = !/^(uint|fixed)/.test(scalar);
      if (scalar.endsWith('64')) {
        const bounds = signed ? { min: -(2n ** 63n), max: 2n ** 63n - 1n } : { min: 0n, max: 2n ** 64n - 1n };
        return fc.oneof(fc.bigInt(bounds), fc.bigInt({ min: 0n, max: 200n }));
      }
      const bounds = signed ? { min: -(2 ** 31), max: 2 ** 31 - 1 } : { min: 0, max: 2 ** 32 - 1 };
      return fc.oneof(fc.integer(bounds), fc.integer({ min: 0, max: 200 }));
    }
  }
}
