/** Avro schemas as far as a table can hold their values: names resolved, unions reduced to "or null". */
import type { ColumnType } from '../contract/column.ts';

/** How a leaf's value lies in the binary encoding. */
export type AvroWire = 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string' | 'bytes' | 'fixed';

export interface AvroLeaf {
  readonly kind: 'leaf';
  readonly wire: AvroWire;
  /** Bytes of a `fixed`; 0 of the others. */
  readonly size: number;
  /** What the type, or its logical type, is in a table. */
  readonly column: ColumnType;
  /** Of a `fixed`, with its namespace. */
  readonly name?: string;
}

export interface AvroEnum {
  readonly kind: 'enum';
  /** With its namespace. */
  readonly name: string;
  readonly symbols: readonly string[];
  /** What stands for a symbol that this schema does not know. */
  readonly fallback: string | undefined;
}

export interface AvroArray {
  readonly kind: 'array';
  readonly items: AvroType;
}

/** Keys are text. */
export interface AvroMap {
  readonly kind: 'map';
  readonly values: AvroType;
}

/** A union of null and one other type. */
export interface AvroOptional {
  readonly kind: 'optional';
  /** Which branch is null. */
  readonly nullBranch: 0 | 1;
  readonly type: Exclude<AvroType, AvroOptional>;
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  /** In the form that `valueAppender` takes; undefined where the schema has none. */
  readonly fallback: unknown;
}

export interface AvroRecord {
  readonly kind: 'record';
  /** With its namespace. */
  readonly name: string;
  readonly fields: readonly AvroField[];
}

export type AvroType = AvroLeaf | AvroEnum | AvroArray | AvroMap | AvroOptional | AvroRecord;
