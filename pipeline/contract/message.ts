/** The shape of a payload: a Protobuf message as plain JSON data, the form in which a compiled contract carries it. */

/** The fifteen scalar types of Protobuf, by their names in a .proto file. */
export const SCALAR_TYPES = [
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'bool',
  'string',
  'bytes',
] as const;
export type ScalarType = (typeof SCALAR_TYPES)[number];

/** An enum's values by name; numbers may repeat (aliases), and the first name of a number is the one rows carry. */
export interface EnumType {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

/** What one value of a field is. `timestamp` is `google.protobuf.Timestamp`, which becomes one column. */
export type ValueType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'enum'; readonly enum: EnumType }
  | { readonly kind: 'message'; readonly message: MessageType }
  | { readonly kind: 'timestamp' };

/**
 * How often a field occurs. A singular field without the word `optional` is `required`: a producer must send it in
 * JSON, and its column is NOT NULL. In Protobuf bytes an absent scalar means its default value (proto3).
 */
export type Cardinality = 'required' | 'optional' | 'repeated' | 'map';

export interface Field {
  /** The name in the .proto file; also the column's name. */
  readonly name: string;
  /** lowerCamelCase, or the `json_name` option; JSON input is accepted under this and under `name`. */
  readonly jsonName: string;
  readonly number: number;
  readonly cardinality: Cardinality;
  /** The value's type; for a map, the type of its values. */
  readonly type: ValueType;
  /** A map's key type; absent otherwise. */
  readonly mapKey?: ScalarType;
  /** Members of the same oneof share its name; at most one of them is set, and each is optional. */
  readonly oneof?: string;
}

/** A message whose nested messages are written out in place, so it must not contain itself. */
export interface MessageType {
  /** Fully qualified, without a leading dot. */
  readonly name: string;
  readonly fields: readonly Field[];
}
