/** Keys of Protobuf map entries, to tell which entries replace which. */
import type { ScalarType } from '../contract/message.ts';
import { SCALAR_WIRE_TYPES } from './scalar-reader.ts';
import { WireCursor, WireType } from './wire-cursor.ts';

/**
 * A text that two entries of a map share exactly when their keys are equal, from the content of an entry. Of a
 * malformed one, any text.
 */
export type EntryKey = (bytes: Uint8Array, from: number, to: number) => string;

const KEY_FIELD = 1;

/** Keys compare by value, not by bytes: a varint may be longer than it needs to be. */
export function mapEntryKey(scalar: ScalarType): EntryKey {
  const keyTag = (KEY_FIELD << 3) | SCALAR_WIRE_TYPES[scalar];
  const cursor = new WireCursor();
  return (bytes, from, to) => {
    cursor.reset(bytes, from, to);
    let key = scalar === 'string' ? '' : '0';
    while (cursor.at < to && !cursor.failed) {
      const tag = cursor.uint32();
      if (tag === keyTag) key = keyText(cursor, scalar);
      else cursor.skip(tag & 7, tag >>> 3);
    }
    return key;
  };
}

/** Whether two entries of a map have one key. @param ranges from and to of each entry's content */
export function hasKeyAgain(ranges: readonly number[], keyOf: EntryKey, bytes: Uint8Array): boolean {
  if (ranges.length <= 2) return false;
  const keys = new Set<string>();
  for (let i = 0; i < ranges.length; i += 2) keys.add(keyOf(bytes, ranges[i] as number, ranges[i + 1] as number));
  return keys.size * 2 < ranges.length;
}

function keyText(cursor: WireCursor, scalar: ScalarType): string {
  switch (SCALAR_WIRE_TYPES[scalar]) {
    case WireType.delimited: {
      const length = cursor.length();
      cursor.at += length;
      return Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + cursor.at - length, length).toString('latin1');
    }
    case WireType.fixed32:
      return String(cursor.fixed32());
    case WireType.fixed64:
      cursor.fixed64();
      return wideText(cursor);
    default:
      if (scalar.endsWith('32')) return String(cursor.varint32(scalar === 'int32'));
      cursor.varint64();
      return scalar === 'bool' ? String(Math.abs(Math.sign(cursor.low | cursor.high))) : wideText(cursor);
  }
}

/** Zero as "0", like an absent key. */
function wideText({ low, high }: WireCursor): string {
  return high === 0 ? String(low) : `${high} ${low}`;
}
