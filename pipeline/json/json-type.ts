/** JSON Schemas as far as a table can hold their values. */
import type { ColumnType } from '../contract/column.ts';

export interface JsonProperty {
  readonly name: string;
  readonly type: JsonType;
  readonly required: boolean;
}

export interface JsonObject {
  readonly kind: 'object';
  readonly nullable: boolean;
  readonly properties: readonly JsonProperty[];
}

/** An object whose properties are not known: keys are text. */
export interface JsonMap {
  readonly kind: 'map';
  readonly nullable: boolean;
  readonly values: JsonType;
}

export interface JsonArray {
  readonly kind: 'array';
  readonly nullable: boolean;
  readonly items: JsonType;
}

export interface JsonLeaf {
  readonly kind: 'leaf';
  readonly nullable: boolean;
  readonly column: ColumnType;
  /** The only values, where the schema lists them. */
  readonly values: readonly string[] | undefined;
  /** Of numbers, bounds included. */
  readonly minimum: number | bigint | undefined;
  readonly maximum: number | bigint | undefined;
}

export type JsonType = JsonLeaf | JsonObject | JsonMap | JsonArray;
