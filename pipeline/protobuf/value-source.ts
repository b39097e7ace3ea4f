/** Generated code for single values: how each type is read at the position `at`, before `end`. */
import type { EnumType, ScalarType } from '../contract/message.ts';
import { BooleanValues } from '../parquet/boolean-values.ts';
import { BytesValues } from '../parquet/bytes-values.ts';
import type { ColumnNode, LeafNode } from '../parquet/column-tree.ts';
import type { GeneratedSource } from '../parquet/generated-source.ts';
import type { Levels } from '../parquet/levels.ts';
import { NumberValues } from '../parquet/number-values.ts';
import { enumNames, scalarReader } from './scalar-reader.ts';
import { timestampUnits } from './timestamp-reader.ts';
import { WireCursor } from './wire-cursor.ts';

/** Reads a length of delimited bytes that lie before `end`. */
export function sizeLines(): string[] {
  return ['let size = bytes[at++];', ...longVarint('size', UNSIGNED_32), 'if (size > end - at) return false;'];
}

/** What the upper half of a varint must be, so that the lower one is the value; closures know the rest. */
interface Narrow {
  readonly high: string;
  readonly value: string;
}

const UNSIGNED_32: Narrow = { high: '0', value: 'wire.low >>> 0' };
/** Senders extend the sign to 64 bits. */
const SIGNED_32: Narrow = { high: 'wire.low >> 31', value: 'wire.low' };

/** The rest of a varint, of which the first byte was read already. */
function longVarint(name: string, { high, value }: Narrow): string[] {
  return [
    `if (${name} > 127) {`,
    '  at = wire.varint(at - 1, end);',
    `  if (at < 0 || wire.high !== (${high})) return false;`,
    `  ${name} = ${value};`,
    '}',
  ];
}

/** Notes that a value of the node is there. */
export function presenceLines(source: GeneratedSource, node: ColumnNode, level: string): string[] {
  return node.entries ? [`${levelsName(source, node.entries, node)}.present(${level});`] : [];
}

/** An enum, whose rows carry the name. */
export function enumLines(source: GeneratedSource, type: EnumType, leaf: LeafNode): string[] {
  const names = source.constant(enumNames(type), `names_${type.name}`);
  return [
    'let number = bytes[at++];',
    ...longVarint('number', SIGNED_32),
    `const name = ${names}.get(number);`,
    'if (name === undefined) return false;',
    `${valuesName(source, leaf)}.pushString(name);`,
  ];
}

/** A `google.protobuf.Timestamp`. */
export function timestampLines(source: GeneratedSource, leaf: LeafNode): string[] {
  const { type } = leaf.column;
  const perSecond = type.kind === 'timestamp' && type.unit === 'millis' ? 1000 : 1_000_000;
  return [
    ...sizeLines(),
    `const units = ${source.constant(timestampUnits, 'timestampUnits')}(wire, at, at + size, ${perSecond});`,
    'if (Number.isNaN(units)) return false;',
    'at += size;',
    `${valuesName(source, leaf)}.pushSafeInteger(units);`,
  ];
}

/** Scalars whose column is their own; undefined for others, which closures read. */
export function scalarLines(source: GeneratedSource, scalar: ScalarType, leaf: LeafNode): string[] | undefined {
  const { values } = leaf;
  const width = values instanceof NumberValues ? values.width : 0;
  const store = valuesName(source, leaf);
  switch (scalar) {
    case 'string':
    case 'bytes':
      return [...sizeLines(), `if (!${store}.pushBytes(bytes, at, at + size)) return false;`, 'at += size;'];
    case 'bool':
      return ['let flag = bytes[at++];', ...longVarint('flag', UNSIGNED_32), `${store}.push(flag !== 0);`];
    case 'int32':
    case 'uint32': {
      if (width !== 1) return undefined;
      const narrow = scalar === 'int32' ? SIGNED_32 : UNSIGNED_32;
      return ['let number = bytes[at++];', ...longVarint('number', narrow), `${store}.pushInt32(number);`];
    }
    case 'int64':
    case 'uint64':
      return ['at = wire.varint(at, end);', 'if (at < 0) return false;', `${store}.pushInt64(wire.low, wire.high);`];
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return [`${store}.pushInt64(view.getInt32(at, true), view.getInt32(at + 4, true));`, 'at += 8;'];
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return width === 1 ? [`${store}.pushInt32(view.getInt32(at, true));`, 'at += 4;'] : undefined;
    default:
      return undefined;
  }
}

/** Any other scalar; the closure notes its presence too. */
export function closureLines(source: GeneratedSource, scalar: ScalarType, leaf: LeafNode, level: string): string[] {
  const read = source.constant(scalarReader(scalar, leaf), `read_${leaf.column.name}`);
  const cursor = source.constant(CURSOR, 'cursor');
  return [
    `${cursor}.reset(bytes, at, end);`,
    `if (${read}(${cursor}, ${level}) !== undefined || ${cursor}.failed) return false;`,
    `at = ${cursor}.at;`,
  ];
}

const CURSOR = new WireCursor();

/** Null, an empty list or map, or zero in whatever form. */
export function defaultLines(source: GeneratedSource, column: ColumnNode): string[] {
  const isRepeated = column.kind === 'list' || column.kind === 'map';
  if (isRepeated || column.column.nullable) {
    const definition = isRepeated ? column.definition : column.definition - 1;
    return column.groups.map((levels) => `${levelsName(source, levels, column)}.absent(${definition}, level);`);
  }
  const { values } = column as LeafNode;
  const store = valuesName(source, column as LeafNode);
  if (values instanceof BytesValues) return [`${store}.pushString('');`];
  if (values instanceof BooleanValues) return [`${store}.push(false);`];
  return [values.width === 1 ? `${store}.pushInt32(0);` : `${store}.pushInt64(0, 0);`];
}

function levelsName(source: GeneratedSource, levels: Levels, { column }: ColumnNode): string {
  return source.constant(levels, `levels_${column.name}`);
}

/** The name of the leaf's store. */
export function valuesName(source: GeneratedSource, { values, column }: LeafNode): string {
  return source.constant(values, `values_${column.name}`);
}
