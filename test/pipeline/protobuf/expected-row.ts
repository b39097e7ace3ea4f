/** The row that a decoded message must become, in the form of `duckdbRows`. */
import type { Field, MessageType, ScalarType, ValueType } from '../../../pipeline/contract/message.ts';

type Decoded = Readonly<Record<string, unknown>>;

/** @param decoded a message as protobuf-es decodes it */
export function expectedRow(message: MessageType, decoded: Decoded): Record<string, unknown> {
  return Object.fromEntries(message.fields.map((field) => [field.name, expectedField(field, decoded)]));
}

function expectedField(field: Field, decoded: Decoded): unknown {
  const { name, cardinality, type, oneof } = field;
  const choice = oneof === undefined ? undefined : (decoded[oneof] as { case?: string; value?: unknown });
  const value = choice ? (choice.case === name ? choice.value : undefined) : decoded[name];
  switch (cardinality) {
    case 'repeated':
      return (value as unknown[]).map((item) => expectedValue(type, item));
    case 'map':
      return Object.entries(value as Decoded).map(([key, item]) => [
        mapKey(field.mapKey ?? 'string', key),
        expectedValue(type, item),
      ]);
    default:
      return value === undefined ? null : expectedValue(type, value);
  }
}

function mapKey(scalar: ScalarType, key: string): unknown {
  if (scalar === 'string') return key;
  if (scalar === 'bool') return key === 'true';
  return scalar.endsWith('64') ? BigInt(key) : Number(key);
}

function expectedValue(type: ValueType, value: unknown): unknown {
  switch (type.kind) {
    case 'scalar':
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
    case 'enum':
      return Object.entries(type.enum.values).find(([, number]) => number === value)?.[0];
    case 'message':
      return expectedRow(type.message, value as Decoded);
    case 'timestamp': {
      const { seconds, nanos } = value as { seconds: bigint; nanos: number };
      return seconds * 1_000_000n + BigInt(Math.floor(nanos / 1000));
    }
  }
}
