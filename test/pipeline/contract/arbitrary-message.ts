/** Random payload messages: every type, cardinality and nesting that a .proto file can declare. */
import fc from 'fast-check';
import {
  type Cardinality,
  type Field,
  type MessageType,
  SCALAR_TYPES,
  type ScalarType,
  type ValueType,
} from '../../../pipeline/contract/message.ts';

/** The scalars that Protobuf allows as the key of a map. */
export const MAP_KEY_TYPES = SCALAR_TYPES.filter((type) => !['double', 'float', 'bytes'].includes(type));

const FIELDS_MAX = 6;
const ONEOF = 'choice';

/** Messages of at most `depth` levels below the payload. */
export function arbitraryMessage(name: string, depth: number): fc.Arbitrary<MessageType> {
  const numbers = fc.uniqueArray(
    fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 20_000, max: 536_870_911 })),
    {
      minLength: 1,
      maxLength: FIELDS_MAX,
    },
  );
  return numbers
    .chain((drawn) => fc.tuple(...drawn.map((number, index) => arbitraryField(name, index, number, depth))))
    .map((fields) => ({ name, fields: fields.toSorted((a, b) => a.number - b.number) }));
}

/** The index is part of the name, so that no two fields of a message clash. */
function arbitraryField(within: string, index: number, number: number, depth: number): fc.Arbitrary<Field> {
  return fc
    .record({
      ending: fc.constantFrom('', '_a', '_long_name', '_b2', '_2nd', '_x_y_z'),
      occurs: fc.constantFrom<Cardinality | 'oneof'>('required', 'optional', 'repeated', 'map', 'oneof'),
      type: arbitraryType(`${within}.T${index}`, depth),
      mapKey: fc.constantFrom<ScalarType>(...MAP_KEY_TYPES),
    })
    .map(({ ending, occurs, type, mapKey }) => ({
      name: `f${index}x${ending}`,
      jsonName: `f${index}x${JSON_ENDINGS[ending]}`,
      number,
      cardinality: occurs === 'oneof' ? 'optional' : occurs,
      type,
      ...(occurs === 'map' ? { mapKey } : {}),
      ...(occurs === 'oneof' ? { oneof: ONEOF } : {}),
    }));
}

/** What protoc makes of the endings, written out by hand. */
const JSON_ENDINGS: Record<string, string> = {
  '': '',
  _a: 'A',
  _long_name: 'LongName',
  _b2: 'B2',
  _2nd: '2nd',
  _x_y_z: 'XYZ',
};

function arbitraryType(name: string, depth: number): fc.Arbitrary<ValueType> {
  const scalar = fc.constantFrom(...SCALAR_TYPES).map((type): ValueType => ({ kind: 'scalar', scalar: type }));
  const timestamp = fc.constant<ValueType>({ kind: 'timestamp' });
  const enumeration = fc
    .uniqueArray(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 4 })
    .map((numbers): ValueType => {
      const drawn = numbers.filter((number) => number !== 0);
      const prefix = name.replaceAll('.', '_');
      const values = Object.fromEntries([0, ...drawn].map((number, index) => [`${prefix}_V${index}`, number]));
      return { kind: 'enum', enum: { name, values } };
    });
  const leaves = [
    { weight: 5, arbitrary: scalar },
    { weight: 1, arbitrary: timestamp },
    { weight: 1, arbitrary: enumeration },
  ];
  if (depth === 0) {
    return fc.oneof(...leaves);
  }
  const message = arbitraryMessage(name, depth - 1).map((type): ValueType => ({ kind: 'message', message: type }));
  return fc.oneof(...leaves, { weight: 2, arbitrary: message });
}

/** The .proto file that declares the message, nested types inside the message that uses them. */
export function renderProto(message: MessageType): string {
  return ['syntax = "proto3";', 'import "google/protobuf/timestamp.proto";', ...renderMessage(message)].join('\n');
}

function renderMessage({ name, fields }: MessageType): string[] {
  const inOneof = fields.filter(({ oneof }) => oneof !== undefined);
  const lines = fields.filter(({ oneof }) => oneof === undefined).map(renderField);
  return [
    `message ${lastPart(name)} {`,
    ...fields.flatMap(({ type }) => renderType(type)),
    ...lines,
    ...(inOneof.length > 0 ? [`oneof ${ONEOF} {`, ...inOneof.map(renderField), '}'] : []),
    '}',
  ];
}

function renderType(type: ValueType): string[] {
  if (type.kind === 'message') {
    return renderMessage(type.message);
  }
  if (type.kind !== 'enum') {
    return [];
  }
  const values = Object.entries(type.enum.values).map(([value, number]) => `${value} = ${number};`);
  return [`enum ${lastPart(type.enum.name)} {`, ...values, '}'];
}

function renderField({ name, number, cardinality, type, mapKey, oneof }: Field): string {
  const value = renderTypeName(type);
  const word =
    oneof === undefined && (cardinality === 'optional' || cardinality === 'repeated') ? `${cardinality} ` : '';
  return `${word}${mapKey === undefined ? value : `map<${mapKey}, ${value}>`} ${name} = ${number};`;
}

function renderTypeName(type: ValueType): string {
  switch (type.kind) {
    case 'scalar':
      return type.scalar;
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'enum':
      return type.enum.name;
    case 'message':
      return type.message.name;
  }
}

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
