/** `google.protobuf.Timestamp` into one column of micro- or milliseconds. */

import type { LeafNode } from '../parquet/column-tree.ts';
import { EARLIEST_MS, LATEST_MS } from '../parquet/leaf-appender.ts';
import { NumberValues } from '../parquet/number-values.ts';
import { reject } from '../parquet/rejection.ts';
import { otherWireType, type RangeReader } from './message-scanner.ts';
import { WireCursor, WireType } from './wire-cursor.ts';
import type { WireWords } from './wire-words.ts';

const EARLIEST_SECONDS = EARLIEST_MS / 1000;
const LATEST_SECONDS = Math.floor(LATEST_MS / 1000);
const NANOS_MAX = 999_999_999;

/**
 * The reader of timestamps. A part finer than the column's unit is cut off, towards the past: the message's unit is the
 * nanosecond, so that clocks fill it without anyone having asked for it, and refusing would turn away all that
 * `timestamppb.Now()` writes. It is the one value that is stored as another than was sent (docs/formats.md).
 *
 * @returns undefined where the leaf is no timestamp
 */
export function timestampReader({ column, values, entries }: LeafNode): RangeReader | undefined {
  const { type } = column;
  if (type.kind !== 'timestamp' || !(values instanceof NumberValues)) return undefined;
  const perSecond = type.unit === 'micros' ? 1_000_000 : 1000;
  const cursor = new WireCursor();
  return (bytes, from, to, repetition) => {
    cursor.reset(bytes, from, to);
    let seconds = 0;
    let nanos = 0;
    while (cursor.at < to && !cursor.failed) {
      const tag = cursor.uint32();
      if (tag === SECONDS_TAG) {
        cursor.varint64();
        seconds = cursor.high * 4_294_967_296 + (cursor.low >>> 0);
      } else if (tag === NANOS_TAG) nanos = cursor.varint32(true);
      else if (tag >>> 3 === SECONDS || tag >>> 3 === NANOS) return otherWireType;
      else if (tag >>> 3 === 0) return malformed;
      else cursor.skip(tag & 7, tag >>> 3);
    }
    if (cursor.failed) return malformed;
    if (!isTime(seconds, nanos)) return outside;
    const units = seconds * perSecond + Math.floor(nanos / (1_000_000_000 / perSecond));
    if (Number.isSafeInteger(units)) values.pushSafeInteger(units);
    else values.pushBigint(BigInt(seconds) * BigInt(perSecond) + BigInt(Math.floor(nanos / 1000)));
    entries?.present(repetition);
    return undefined;
  };
}

/** The units of a timestamp's message in `[from, to)`, or NaN where it is unusual or wrong in any way. */
export function timestampUnits(wire: WireWords, from: number, to: number, perSecond: number): number {
  let at = from;
  let seconds = 0;
  let nanos = 0;
  while (at >= 0 && at < to) {
    const tag = wire.bytes[at] as number;
    if (tag !== SECONDS_TAG && tag !== NANOS_TAG) return Number.NaN;
    at = wire.varint(at + 1, to);
    if (tag === NANOS_TAG) nanos = wire.high === 0 ? wire.low : Number.NaN;
    else seconds = wire.high * 4_294_967_296 + (wire.low >>> 0);
  }
  if (at !== to || !isTime(seconds, nanos)) return Number.NaN;
  const units = seconds * perSecond + Math.floor(nanos / (1_000_000_000 / perSecond));
  return Number.isSafeInteger(units) ? units : Number.NaN;
}

function isTime(seconds: number, nanos: number): boolean {
  return seconds >= EARLIEST_SECONDS && seconds <= LATEST_SECONDS && nanos >= 0 && nanos <= NANOS_MAX;
}

const SECONDS = 1;
const NANOS = 2;
const SECONDS_TAG = (SECONDS << 3) | WireType.varint;
const NANOS_TAG = (NANOS << 3) | WireType.varint;
const malformed = reject('wire', 'the bytes are not a Protobuf message');
const outside = reject('range', 'a time in the years 1 to 9999, with 0 to 999999999 nanoseconds, is required');
