/** RFC 3339 text becomes a `google.protobuf.Timestamp`. */
import type { Refuse } from './encode-json.ts';
import { VARINT, type WireWriter } from './wire-writer.ts';

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** An instant, exact: whole seconds since the epoch, and the nanoseconds after them (0 to 999,999,999). */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

/** Writes the length-prefixed message, or calls `refuse` and writes nothing. */
export function encodeTimestamp(value: unknown, out: WireWriter, refuse: Refuse): void {
  const instant = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (!instant) {
    refuse('WRONG_TYPE', 'must be a time with a zone as in RFC 3339, such as 2026-11-20T12:30:00.123456Z');
    return;
  }
  if (instant.nanos % 1000 !== 0) {
    refuse('OUT_OF_RANGE', 'must not be finer than a microsecond, which is what a table holds');
    return;
  }
  out.delimited(() => {
    out.tag(1, VARINT);
    out.varintBig(BigInt.asUintN(64, BigInt(instant.seconds)));
    out.tag(2, VARINT);
    out.varint(instant.nanos);
  });
}

/**
 * Parses RFC 3339 with up to nine fractional digits; undefined when it is no such text or no such day or time. A leap
 * second (`:60`) is refused: Protobuf and Parquet time have none.
 */
export function parseTimestamp(text: string): Instant | undefined {
  const match = RFC3339.exec(text);
  if (!match) {
    return undefined;
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [zoneHour, zoneMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  const inRange = hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60;
  if (!inRange || year < 1 || !isDay(year, month, day)) {
    return undefined;
  }
  const zoneMinutes = (match[8] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute);
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day);
  const seconds = midnight / 1000 + hour * 3600 + (minute - zoneMinutes) * 60 + second;
  return { seconds, nanos: Number((match[7] ?? '').padEnd(9, '0')) };
}

function isDay(year: number, month: number, day: number): boolean {
  const leapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && !leapYear ? 28 : DAYS_IN_MONTH[month - 1];
  return days !== undefined && day >= 1 && day <= days;
}
