/** Random JSON payloads that fit a message, in every spelling that the Protobuf JSON mapping has for a value. */
import fc from 'fast-check';
import type { Field, MessageType, ScalarType, ValueType } from '../../../pipeline/contract/message.ts';

type Json = unknown;

/** Already gone through JSON text, as a producer's payload has. */
export function arbitraryPayload(message: MessageType): fc.Arbitrary<Json> {
  return arbitraryObject(message).map((value) => JSON.parse(JSON.stringify(value)));
}

function arbitraryObject(message: MessageType): fc.Arbitrary<Json> {
  return fc
    .record({ fields: fc.tuple(...message.fields.map(arbitraryEntry)), chosen: fc.nat() })
    .map(({ fields, chosen }) => {
      const inOneof = fields.filter(({ field }) => field.oneof !== undefined);
      const winner = inOneof[chosen % (inOneof.length + 1)];
      const kept = fields.filter((entry) => entry.field.oneof === undefined || entry === winner);
      return Object.fromEntries(kept.map(({ key, value }) => [key, value]));
    });
}

function arbitraryEntry(field: Field): fc.Arbitrary<{ field: Field; key: string; value: Json }> {
  const value = arbitraryField(field);
  return fc.record({
    field: fc.constant(field),
    key: fc.constantFrom(field.name, field.jsonName),
    value: field.cardinality === 'required' ? value : fc.oneof(value, fc.constantFrom(null, undefined)),
  });
}

function arbitraryField(field: Field): fc.Arbitrary<Json> {
  const value = arbitraryValue(field.type);
  if (field.cardinality === 'repeated') {
    return fc.array(value, { maxLength: 5 });
  }
  if (field.cardinality === 'map') {
    return fc
      .uniqueArray(fc.tuple(arbitraryKey(field.mapKey ?? 'string'), value), { maxLength: 5, selector: ([key]) => key })
      .map(Object.fromEntries);
  }
  return value;
}

/** Without `__proto__`, which protobuf-es cannot hold in its maps. */
const arbitraryKey = (scalar: ScalarType): fc.Arbitrary<string> =>
  scalar === 'string'
    ? fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__')
    : scalar === 'bool'
      ? fc.constantFrom('true', 'false')
      : arbitraryInteger(scalar).map(String);

function arbitraryValue(type: ValueType): fc.Arbitrary<Json> {
  switch (type.kind) {
    case 'scalar':
      return arbitraryScalar(type.scalar);
    case 'enum':
      return fc.constantFrom(...Object.entries(type.enum.values).flat());
    case 'timestamp':
      return arbitraryTime();
    case 'message':
      return arbitraryObject(type.message);
  }
}

function arbitraryScalar(scalar: ScalarType): fc.Arbitrary<Json> {
  switch (scalar) {
    case 'string':
      return fc.string({ unit: 'binary', size: 'medium' });
    case 'bool':
      return fc.boolean();
    case 'bytes':
      return fc
        .tuple(fc.uint8Array({ maxLength: 200 }), fc.constantFrom<BufferEncoding>('base64', 'base64url'))
        .map(([bytes, encoding]) => Buffer.from(bytes).toString(encoding));
    case 'double':
      return fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom('Infinity', '-Infinity'));
    case 'float':
      return fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom('Infinity', '-Infinity'));
    default:
      return fc
        .tuple(arbitraryInteger(scalar), fc.boolean())
        .map(([integer, asNumber]) =>
          asNumber && Number.isSafeInteger(Number(integer)) ? Number(integer) : String(integer),
        );
  }
}

/** Of any length, and often at a bound. */
function arbitraryInteger(scalar: ScalarType): fc.Arbitrary<bigint> {
  const bits = scalar.endsWith('64') ? 64n : 32n;
  const unsigned = scalar.startsWith('u') || scalar.startsWith('fixed');
  const [min, max] = unsigned ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  const ofAnyLength = fc.bigInt({ min, max }).chain((value) => fc.bigInt(0n, bits).map((shift) => value >> shift));
  return fc.oneof(ofAnyLength, fc.constantFrom(min, max, 0n, min + 1n, max - 1n));
}

/** RFC 3339 in any zone, with no fraction, milliseconds or microseconds. */
function arbitraryTime(): fc.Arbitrary<string> {
  const instant = fc.date({
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  });
  const zoneMinutes = fc.option(fc.integer({ min: -(23 * 60 + 59), max: 23 * 60 + 59 }));
  const fraction = fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,6}$/), fc.stringMatching(/^\.\d{6}000$/));
  return fc.tuple(instant, fraction, zoneMinutes).map(([date, digits, zone]) => {
    const local = new Date(date.getTime() + (zone ?? 0) * 60_000);
    return local.toISOString().slice(0, 19) + digits + formatZone(zone);
  });
}

function formatZone(minutes: number | null): string {
  if (minutes === null) {
    return 'Z';
  }
  const size = Math.abs(minutes);
  const [hour, minute] = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0'));
  return `${minutes < 0 ? '-' : '+'}${hour}:${minute}`;
}
