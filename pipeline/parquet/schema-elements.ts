/** The footer's schema: nodes flattened depth first, each type as LogicalType and as the older ConvertedType. */
import type { ColumnType } from '../contract/column.ts';
import type { ColumnNode, LeafNode } from './column-tree.ts';
import { FixedValues } from './fixed-values.ts';
import { Repetition } from './format.ts';
import type { ThriftWriter } from './thrift-writer.ts';

export interface SchemaElement {
  readonly name: string;
  readonly repetition?: number;
  readonly childCount?: number;
  /** Set on leaves. */
  readonly leaf?: LeafNode;
  readonly annotation?: Annotation;
}

interface Annotation {
  readonly converted?: number;
  /** The field of the LogicalType union, and what is in it. */
  readonly logical?: number;
  readonly writeLogical?: (thrift: ThriftWriter) => void;
}

/** The elements of a table, the root first. */
export function schemaElements(columns: readonly ColumnNode[]): SchemaElement[] {
  return [
    { name: 'schema', childCount: columns.length },
    ...columns.flatMap((node) => elements(node, node.column.name)),
  ];
}

/** Writes the fields of one SchemaElement. */
export function writeSchemaElement(thrift: ThriftWriter, element: SchemaElement): void {
  const { leaf, annotation } = element;
  if (leaf) {
    thrift.i32(1, leaf.values.physicalType);
    if (leaf.values instanceof FixedValues) thrift.i32(2, leaf.values.width);
  }
  if (element.repetition !== undefined) thrift.i32(3, element.repetition);
  thrift.string(4, element.name);
  if (element.childCount !== undefined) thrift.i32(5, element.childCount);
  if (annotation?.converted !== undefined) thrift.i32(6, annotation.converted);
  const type = leaf?.column.type;
  if (type?.kind === 'decimal') {
    thrift.i32(7, type.scale);
    thrift.i32(8, type.precision);
  }
  const { logical, writeLogical } = annotation ?? {};
  if (logical !== undefined) thrift.struct(10, () => thrift.struct(logical, () => writeLogical?.(thrift)));
}

function elements(node: ColumnNode, name: string): SchemaElement[] {
  const repetition = node.column.nullable ? Repetition.optional : Repetition.required;
  switch (node.kind) {
    case 'leaf': {
      const annotation = leafAnnotation(node.column.type);
      return [annotation ? { name, repetition, leaf: node, annotation } : { name, repetition, leaf: node }];
    }
    case 'struct': {
      const children = node.children.flatMap((child) => elements(child, child.column.name));
      return [{ name, repetition, childCount: node.children.length }, ...children];
    }
    case 'list':
      return [
        { name, repetition, childCount: 1, annotation: { converted: 3, logical: 3 } },
        { name: 'list', repetition: Repetition.repeated, childCount: 1 },
        ...elements(node.element, 'element'),
      ];
    case 'map':
      return [
        { name, repetition, childCount: 1, annotation: { converted: 1, logical: 2 } },
        { name: 'key_value', repetition: Repetition.repeated, childCount: 2 },
        ...elements(node.key, 'key'),
        ...elements(node.value, 'value'),
      ];
  }
}

function leafAnnotation(type: ColumnType): Annotation | undefined {
  switch (type.kind) {
    case 'string':
      return { converted: 0, logical: 1 };
    case 'enum':
      return { converted: 4, logical: 4 };
    case 'json':
      return { converted: 19, logical: 12 };
    case 'uuid':
      return { logical: 14 };
    case 'date':
      return { converted: 6, logical: 6 };
    case 'decimal':
      return { converted: 5, logical: 5, writeLogical: (thrift) => writeDecimal(thrift, type) };
    case 'timestamp':
      return {
        converted: type.unit === 'millis' ? 9 : 10,
        logical: 8,
        writeLogical: (thrift) => writeTimestamp(thrift, type.unit),
      };
    case 'int':
      // The converted types run UINT_8 to UINT_64, then INT_8 to INT_64.
      return {
        converted: (type.signed ? 15 : 11) + Math.log2(type.bits / 8),
        logical: 10,
        writeLogical: (thrift) => writeInteger(thrift, type),
      };
    default:
      return undefined;
  }
}

function writeDecimal(thrift: ThriftWriter, type: { readonly precision: number; readonly scale: number }): void {
  thrift.i32(1, type.scale);
  thrift.i32(2, type.precision);
}

function writeTimestamp(thrift: ThriftWriter, unit: 'micros' | 'millis'): void {
  const isAdjustedToUtc = true;
  thrift.bool(1, isAdjustedToUtc);
  thrift.struct(2, () => thrift.struct(unit === 'millis' ? 1 : 2, () => {}));
}

function writeInteger(thrift: ThriftWriter, type: { readonly bits: number; readonly signed: boolean }): void {
  thrift.i8(1, type.bits);
  thrift.bool(2, type.signed);
}
