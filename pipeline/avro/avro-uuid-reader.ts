/** Avro's UUIDs, as text or 16 bytes, into UUID columns. */
import type { ColumnType } from '../contract/column.ts';
import type { LeafNode } from '../parquet/column-tree.ts';
import { FixedValues } from '../parquet/fixed-values.ts';
import { reject } from '../parquet/rejection.ts';
import type { AvroLeafReader } from './avro-leaf-reader.ts';
import type { AvroLeaf } from './avro-type.ts';

const BYTES = 16;
const CHARACTERS = 36;
const HYPHEN = 0x2d;
const wrong = reject('type', 'a UUID with its hyphens is required');

/** @returns undefined where the writer's type or the column is no UUID */
export function avroUuidReader(
  { wire, column }: AvroLeaf,
  type: ColumnType,
  values: LeafNode['values'],
): AvroLeafReader | undefined {
  if (!(values instanceof FixedValues) || type.kind !== 'uuid' || column.kind !== 'uuid') return undefined;
  const uuid = new Uint8Array(BYTES);
  return (cursor) => {
    const length = wire === 'fixed' ? BYTES : cursor.length();
    const { at, bytes } = cursor;
    if (!cursor.skip(length)) return undefined;
    if (wire === 'fixed') values.push(bytes, at);
    else if (length === CHARACTERS && parseUuid(bytes, at, uuid)) values.push(uuid, 0);
    else return wrong;
    return undefined;
  };
}

function parseUuid(text: Uint8Array, from: number, out: Uint8Array): boolean {
  let at = from;
  for (let i = 0; i < BYTES; i++) {
    if ((i === 4 || i === 6 || i === 8 || i === 10) && text[at++] !== HYPHEN) return false;
    const high = hexDigit(text[at++] as number);
    const low = hexDigit(text[at++] as number);
    if (high < 0 || low < 0) return false;
    out[i] = (high << 4) | low;
  }
  return true;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = (code | 0x20) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}
