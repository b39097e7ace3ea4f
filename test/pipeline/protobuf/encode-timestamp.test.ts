import fc from 'fast-check';
import { encodeTimestamp, parseTimestamp } from '../../../pipeline/protobuf/encode-timestamp.ts';
import { Encoding } from '../../../pipeline/protobuf/encoding.ts';

test.each([
  ['1970-01-01T00:00:00Z', 0, 0],
  ['1970-01-01t00:00:00z', 0, 0],
  ['1970-01-01T00:00:00+00:00', 0, 0],
  ['1970-01-01T00:00:00-00:00', 0, 0],
  ['1969-12-31T23:59:59.5Z', -1, 500_000_000],
  ['1969-12-31T23:59:59.999999999Z', -1, 999_999_999],
  ['2026-11-20T12:30:00.123456Z', 1_795_177_800, 123_456_000],
  ['2026-11-20T14:30:00.123456+02:00', 1_795_177_800, 123_456_000],
  ['2026-11-20T00:45:00.000001-11:45', 1_795_177_800, 1000],
  ['2024-02-29T00:00:00Z', 1_709_164_800, 0],
  ['2000-02-29T00:00:00Z', 951_782_400, 0],
  ['0001-01-01T00:00:00Z', -62_135_596_800, 0],
  ['0000-12-31T23:59:59Z', undefined, 0],
  ['0001-01-01T00:00:00+00:01', undefined, 0],
  ['0001-01-01T00:01:00+00:01', -62_135_596_800, 0],
  ['9999-12-31T23:59:59.999999Z', 253_402_300_799, 999_999_000],
  ['9999-12-31T23:59:59-00:01', undefined, 0],
  ['9999-12-31T23:58:59-00:01', 253_402_300_799, 0],
])('parseTimestamp: %s is %d seconds and %d nanoseconds', (text, seconds, nanos) => {
  expect(parseTimestamp(text)).toEqual(seconds === undefined ? undefined : { seconds, nanos });
});

test.each([
  '',
  '2026-11-20',
  '2026-11-20T12:30:00',
  '2026-11-20T12:30Z',
  '2026-11-20 12:30:00Z',
  '2026-11-20T12:30:00.Z',
  '2026-11-20T12:30:00.1234567890Z',
  '2026-11-20T12:30:00,5Z',
  '2026-11-20T12:30:00+0200',
  '2026-11-20T12:30:00+2:00',
  '2026-11-20T12:30:00+24:00',
  '2026-11-20T12:30:00+00:60',
  '2026-11-20T12:30:00ZZ',
  '2026-11-20T12:30:00Z\n',
  ' 2026-11-20T12:30:00Z',
  '2026-11-20T12:30:60Z',
  '2016-12-31T23:59:60Z',
  '2026-11-20T12:60:00Z',
  '2026-11-20T24:00:00Z',
  '2026-00-20T12:30:00Z',
  '2026-13-20T12:30:00Z',
  '2026-11-00T12:30:00Z',
  '2026-11-31T12:30:00Z',
  '2026-02-30T12:30:00Z',
  '2026-02-29T12:30:00Z',
  '1900-02-29T12:30:00Z',
  '0000-06-01T00:00:00Z',
  '-0001-06-01T00:00:00Z',
  '12026-11-20T12:30:00Z',
  '٢٠٢٦-11-20T12:30:00Z',
  '1795177800',
  'now',
])('parseTimestamp: "%s" is no time', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('parseTimestamp: agrees with Date on every day of 800 years and on random instants', () => {
  const wrong: string[] = [];
  for (let day = Date.UTC(1600, 0, 1); day < Date.UTC(2400, 0, 1); day += 86_400_000) {
    const text = new Date(day).toISOString();
    if (parseTimestamp(text)?.seconds !== day / 1000) {
      wrong.push(text);
    }
  }
  expect(wrong).toEqual([]);
  const bounds = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true };
  const property = fc.property(fc.date(bounds), (date) => {
    const seconds = Math.floor(date.getTime() / 1000);
    const nanos = (date.getTime() - seconds * 1000) * 1_000_000;
    expect(parseTimestamp(date.toISOString())).toEqual({ seconds, nanos });
  });
  fc.assert(property, { numRuns: 1000 });
});

test('parseTimestamp: every fraction of up to nine digits is exact', () => {
  const property = fc.property(fc.stringMatching(/^\d{1,9}$/), (digits) => {
    const nanos = Number(digits.padEnd(9, '0'));
    expect(parseTimestamp(`1970-01-01T00:00:07.${digits}Z`)).toEqual({ seconds: 7, nanos });
  });
  fc.assert(property);
});

test('encodeTimestamp: writes a length, the seconds as a varint and the nanoseconds as a varint', () => {
  const encoding = new Encoding();
  encodeTimestamp('1970-01-01T00:00:01.000001Z', encoding);
  expect([...encoding.out.bytes()]).toEqual([5, 0x08, 1, 0x10, 0xe8, 0x07]);
  encoding.reset();
  encodeTimestamp('1969-12-31T23:59:59Z', encoding);
  expect([...encoding.out.bytes()]).toEqual([13, 0x08, ...Array(9).fill(0xff), 1, 0x10, 0]);
});

test('encodeTimestamp: refuses what is finer than a microsecond, but not zeros', () => {
  const encoding = new Encoding();
  encodeTimestamp('1970-01-01T00:00:00.123456000Z', encoding);
  expect(encoding.issues).toEqual([]);
  encodeTimestamp('1970-01-01T00:00:00.123456001Z', encoding);
  expect(encoding.issues).toMatchObject([{ code: 'OUT_OF_RANGE' }]);
});
