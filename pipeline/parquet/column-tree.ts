/** A table's columns with their levels and value stores: what row readers append to and the writer encodes. */
import type { Column, ColumnType } from '../contract/column.ts';
import { BooleanValues } from './boolean-values.ts';
import { BytesValues } from './bytes-values.ts';
import { FixedValues } from './fixed-values.ts';
import { Levels } from './levels.ts';
import { NumberValues } from './number-values.ts';

interface Node {
  readonly column: Column;
  /** The definition level of a value (of a list or map: when it is there, but empty). */
  readonly definition: number;
  /** How many repeated ancestors there are; entries that continue the nearest one carry this level. */
  readonly repetition: number;
  /** The leaves at or below this node, in schema order. */
  readonly leaves: readonly LeafNode[];
}

export interface LeafNode extends Node {
  readonly kind: 'leaf';
  readonly path: readonly string[];
  readonly levels: Levels;
  readonly values: NumberValues | BytesValues | BooleanValues | FixedValues;
}

export interface StructNode extends Node {
  readonly kind: 'struct';
  readonly children: readonly ColumnNode[];
}

export interface ListNode extends Node {
  readonly kind: 'list';
  readonly element: ColumnNode;
}

export interface MapNode extends Node {
  readonly kind: 'map';
  readonly key: ColumnNode;
  readonly value: ColumnNode;
}

export type ColumnNode = LeafNode | StructNode | ListNode | MapNode;

/**
 * Builds the nodes of a table's columns, each leaf with empty stores.
 *
 * @throws RangeError for a table or struct without columns, with two of one name, or a decimal that cannot be
 */
export function columnTree(columns: readonly Column[]): readonly ColumnNode[] {
  return childNodes(columns, { path: [], definition: 0, repetition: 0 });
}

/** Appends an absence below `node`: of its ancestors, `definition` are there. */
export function appendAbsent(node: ColumnNode, definition: number, repetition: number): void {
  for (const leaf of node.leaves) leaf.levels.absent(definition, repetition);
}

/** Takes back what was appended after the first `rows` rows. */
export function undoRows(leaves: readonly LeafNode[], rows: number): void {
  for (const { levels, values } of leaves) values.truncate(values.count - levels.dropAfterRow(rows));
}

/** Bytes of a decimal of `precision` digits as two's complement. */
export function decimalWidth(precision: number): number {
  return Math.ceil((precision * Math.log2(10) + 1) / 8);
}

interface Position {
  readonly path: readonly string[];
  readonly definition: number;
  readonly repetition: number;
}

function childNodes(columns: readonly Column[], parent: Position): ColumnNode[] {
  const names = new Set(columns.map((column) => column.name));
  if (columns.length === 0 || names.size < columns.length) {
    throw new RangeError(
      `Cannot make a Parquet group "${parent.path.join('.')}": it has ${columns.length} fields and ${names.size} names, and needs at least one of each, all different`,
    );
  }
  return columns.map((column) => columnNode(column, column.name, parent));
}

function columnNode(column: Column, name: string, parent: Position): ColumnNode {
  const path = [...parent.path, name];
  const definition = parent.definition + (column.nullable ? 1 : 0);
  const { repetition } = parent;
  const { type } = column;
  const base = { column, definition, repetition };
  switch (type.kind) {
    case 'struct': {
      const children = childNodes(type.fields, { path, definition, repetition });
      return { kind: 'struct', ...base, children, leaves: children.flatMap((child) => child.leaves) };
    }
    case 'list': {
      const inside = { path: [...path, 'list'], definition: definition + 1, repetition: repetition + 1 };
      const element = columnNode(type.element, 'element', inside);
      return { kind: 'list', ...base, element, leaves: element.leaves };
    }
    case 'map': {
      const inside = { path: [...path, 'key_value'], definition: definition + 1, repetition: repetition + 1 };
      const key = columnNode(type.key, 'key', inside);
      const value = columnNode(type.value, 'value', inside);
      return { kind: 'map', ...base, key, value, leaves: [...key.leaves, ...value.leaves] };
    }
    default: {
      const values = valueStore(type);
      const leaves: LeafNode[] = [];
      const levels = new Levels(definition, repetition);
      const leaf: LeafNode = { kind: 'leaf', ...base, path, levels, values, leaves };
      leaves.push(leaf);
      return leaf;
    }
  }
}

type LeafType = Exclude<ColumnType, { kind: 'struct' | 'list' | 'map' }>;

function valueStore(type: LeafType): LeafNode['values'] {
  switch (type.kind) {
    case 'boolean':
      return new BooleanValues();
    case 'int':
      return new NumberValues(type.bits === 64 ? 2 : 1, type.signed ? 'signed' : 'unsigned');
    case 'float':
      return new NumberValues(1, 'float');
    case 'double':
      return new NumberValues(2, 'float');
    case 'date':
      return new NumberValues(1, 'signed');
    case 'timestamp':
      return new NumberValues(2, 'signed');
    case 'uuid':
      return new FixedValues(16, false);
    case 'decimal':
      return decimalStore(type.precision, type.scale);
    case 'string':
    case 'enum':
    case 'json':
      return new BytesValues(true);
    case 'bytes':
      return new BytesValues(false);
  }
}

/** The narrowest physical type, as the format recommends; 38 digits is what warehouses hold. */
function decimalStore(precision: number, scale: number): NumberValues | FixedValues {
  if (!(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision)) {
    throw new RangeError(
      `Cannot make a column of "decimal(${precision},${scale})": allowed are 1 to 38 digits, of which 0 to all are decimals`,
    );
  }
  if (precision <= 18) return new NumberValues(precision <= 9 ? 1 : 2, 'signed');
  return new FixedValues(decimalWidth(precision), true);
}
