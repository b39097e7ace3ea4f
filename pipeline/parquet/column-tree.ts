/** A table's columns with their levels and value stores: what row readers append to and the writer encodes. */
import type { Column, ColumnType } from '../contract/column.ts';
import type { ValueLimits } from '../contract/value-limits.ts';
import { BooleanValues } from './boolean-values.ts';
import { BytesValues } from './bytes-values.ts';
import { FixedValues } from './fixed-values.ts';
import { Levels } from './levels.ts';
import { NumberValues } from './number-values.ts';
import { valueCheck } from './value-check.ts';

interface Node {
  readonly column: Column;
  /** The definition level of a value (of a list or map: when it is there, but empty). */
  readonly definition: number;
  /** How many repeated ancestors there are; entries that continue the nearest one carry this level. */
  readonly repetition: number;
  /**
   * Where a reader notes that a value of this nullable column is there, or that an element or entry of this list or map
   * begins; undefined where nothing is to be noted. One note serves all leaves below that are as present as the node.
   */
  readonly entries: Levels | undefined;
  /** All `entries` at and below this node. */
  readonly groups: readonly Levels[];
  /** The leaves at or below this node, in schema order. */
  readonly leaves: readonly LeafNode[];
}

export interface LeafNode extends Node {
  readonly kind: 'leaf';
  readonly path: readonly string[];
  /** Shared by the leaves whose levels are always equal: those that are there whenever the same ancestor is. */
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
 * @param rows levels of the leaves that each row has exactly once: a count, which whoever ends a row increments
 * @param limits of the values. @default what the types allow
 * @throws RangeError for a table or struct without columns or with two of one name, for a decimal that cannot be, and for
 * columns that are nested too deep
 */
export function columnTree(
  columns: readonly Column[],
  rows: Levels = new Levels(0, 0),
  limits?: ValueLimits,
): readonly ColumnNode[] {
  return childNodes(columns, { path: [], definition: 0, repetition: 0, levels: rows, limits });
}

/** Appends an absence below `node`, a column that may be absent: of its ancestors, `definition` are there. */
export function appendAbsent(node: ColumnNode, definition: number, repetition: number): void {
  for (const levels of node.groups) levels.absent(definition, repetition);
}

/** Takes back what was appended after the first `rows` rows. */
export function undoRows(leaves: readonly LeafNode[], rows: number): void {
  for (const { levels, values } of leaves) {
    levels.dropAfterRow(rows);
    values.truncate(levels.valueCount);
  }
}

/** Bytes of a decimal of `precision` digits as two's complement. */
export function decimalWidth(precision: number): number {
  return Math.ceil((precision * Math.log2(10) + 1) / 8);
}

interface Position {
  readonly path: readonly string[];
  readonly definition: number;
  readonly repetition: number;
  readonly levels: Levels;
  readonly limits: ValueLimits | undefined;
}

/** Levels are bytes. */
const DEFINITION_MAX = 255;

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
  const { type, nullable } = column;
  const definition = parent.definition + (nullable ? 1 : 0);
  const { repetition, limits } = parent;
  if (definition > DEFINITION_MAX) {
    throw new RangeError(
      `Cannot make a column below "${path[0]}": it is nested more than ${DEFINITION_MAX} levels deep, a list or map that may be null counting as two`,
    );
  }
  const levels = nullable ? new Levels(definition, repetition) : parent.levels;
  const base = { column, definition, repetition };
  switch (type.kind) {
    case 'struct': {
      const children = childNodes(type.fields, { path, definition, repetition, levels, limits });
      return { kind: 'struct', ...base, children, ...below(children, nullable ? levels : undefined) };
    }
    case 'list': {
      const inside = repeated(path, 'list', { definition, repetition, limits });
      const element = columnNode(type.element, 'element', inside);
      return { kind: 'list', ...base, element, ...below([element], inside.levels) };
    }
    case 'map': {
      const inside = repeated(path, 'key_value', { definition, repetition, limits });
      const key = columnNode(type.key, 'key', inside);
      const value = columnNode(type.value, 'value', inside);
      return { kind: 'map', ...base, key, value, ...below([key, value], inside.levels) };
    }
    default: {
      const own = nullable ? { entries: levels, groups: [levels] } : { entries: undefined, groups: [] };
      const leaves: LeafNode[] = [];
      const leaf: LeafNode = {
        kind: 'leaf',
        ...base,
        path,
        levels,
        values: valueStore(type, path, limits),
        leaves,
        ...own,
      };
      leaves.push(leaf);
      return leaf;
    }
  }
}

function repeated(
  path: readonly string[],
  step: string,
  at: Pick<Position, 'definition' | 'repetition' | 'limits'>,
): Position {
  const definition = at.definition + 1;
  const repetition = at.repetition + 1;
  return { ...at, path: [...path, step], definition, repetition, levels: new Levels(definition, repetition) };
}

/** What a node with children knows of them; `own` levels count where a leaf has them. */
function below(children: readonly ColumnNode[], own: Levels | undefined): Pick<Node, 'leaves' | 'entries' | 'groups'> {
  const leaves = children.flatMap((child) => child.leaves);
  const entries = leaves.some(({ levels }) => levels === own) ? own : undefined;
  const groups = children.flatMap((child) => child.groups);
  return { leaves, entries, groups: entries ? [entries, ...groups] : groups };
}

type LeafType = Exclude<ColumnType, { kind: 'struct' | 'list' | 'map' }>;

function valueStore(type: LeafType, path: readonly string[], limits?: ValueLimits): LeafNode['values'] {
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
    case 'bytes':
      return new BytesValues(type.kind !== 'bytes', limits && valueCheck(type, path.length > 1, limits));
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
