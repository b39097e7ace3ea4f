/** RFC 3339 text becomes a `google.protobuf.Timestamp`. */
import type { Encoding } from './encoding.ts';
import { VARINT } from './wire-writer.ts';

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** The calendar repeats after so many years, and `Date.UTC` reads the years 0 to 99 as 1900 to 1999. */
const CYCLE_YEARS = 400;
const CYCLE_SECONDS = 146_097 * 86_400;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the bounds that timestamp.proto names. */
const SECONDS_MIN = -62_135_596_800;
const SECONDS_MAX = 253_402_300_799;

/** An instant, exact: whole seconds since the epoch, and the nanoseconds after them (0 to 999,999,999). */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

/** Writes the length-prefixed message, or refuses a value that is no time or finer than a microsecond. */
export function encodeTimestamp(value: unknown, encoding: Encoding): void {
  const instant = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (!instant) {
    encoding.refuse('WRONG_TYPE', 'must be a time with a zone as in RFC 3339, such as 2026-11-20T12:30:00.123456Z');
    return;
  }
  if (instant.nanos % 1000 !== 0) {
    encoding.refuse('OUT_OF_RANGE', 'must not be finer than a microsecond, which is what a table holds');
    return;
  }
  const { out } = encoding;
  const opened = out.open();
  out.tag(1, VARINT);
  out.varint(instant.seconds);
  out.tag(2, VARINT);
  out.varint(instant.nanos);
  out.close(opened);
}

/**
 * Parses RFC 3339 with up to nine fractional digits; undefined when it is no such text, no such day or time, or not
 * in the years 1 to 9999 of UTC. A leap second (`:60`) is refused: Protobuf and Parquet time have none.
 */
export function parseTimestamp(text: string): Instant | undefined {
  if (!RFC3339.test(text)) {
    return undefined;
  }
  // The pattern fixes every position but the zone's, so that nothing needs to be captured.
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  const zoneAt = text.length - ('zZ'.includes(text.charAt(text.length - 1)) ? 1 : 6);
  const zoneMinutes = zoneOffset(text, zoneAt);
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59 || zoneMinutes === undefined) {
    return undefined;
  }
  const midnight = Date.UTC(year + CYCLE_YEARS, month - 1, day) / 1000 - CYCLE_SECONDS;
  const seconds = midnight + hour * 3600 + (minute - zoneMinutes) * 60 + second;
  return seconds < SECONDS_MIN || seconds > SECONDS_MAX ? undefined : { seconds, nanos: nanosOf(text, zoneAt) };
}

function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index++) {
    value = value * 10 + text.charCodeAt(index) - 0x30;
  }
  return value;
}

/** Minutes east of UTC. */
function zoneOffset(text: string, at: number): number | undefined {
  if (at === text.length - 1) {
    return 0;
  }
  const [hours, minutes] = [digits(text, at + 1, at + 3), digits(text, at + 4, at + 6)];
  if (hours > 23 || minutes > 59) {
    return undefined;
  }
  return (text[at] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

function isDay(year: number, month: number, day: number): boolean {
  const leapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && !leapYear ? 28 : DAYS_IN_MONTH[month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

/** The fraction stands between the 20th character and the zone. */
function nanosOf(text: string, zoneAt: number): number {
  const fraction = zoneAt - 20;
  return fraction > 0 ? digits(text, 20, zoneAt) * 10 ** (9 - fraction) : 0;
}
