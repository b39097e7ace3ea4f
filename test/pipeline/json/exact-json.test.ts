import fc from 'fast-check';
import {
  exactInteger,
  exactJson,
  LongNumber,
  nearestDouble,
  parseExactJson,
} from '../../../pipeline/json/exact-json.ts';
import { repeatedField, repeatedNames } from '../../../pipeline/json/repeated-names.ts';

const exact = (text: string) => exactJson(Buffer.from(text), text, JSON.parse(text));

test('exactJson: gives back any value, in which nothing comes twice', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, space) => {
      const text = JSON.stringify(value, null, space);
      const { value: kept, repeated } = exact(text);
      expect(repeated).toEqual([]);
      expect(JSON.parse(JSON.stringify(kept))).toEqual(JSON.parse(text));
    }),
    { numRuns: 500, seed: 20_261_120 },
  );
});

const SPACE = fc.constantFrom('', '', '', ' ', '\n', '\t\r ');
const NAME = fc.constantFrom('a', '\\u0061', 'b', '', ':', '\\"', '\\":', 'a\\\\');

/** Text of an object that may have names twice, and how many of them it has. */
const { object } = fc.letrec<{ object: [string, number]; value: [string, number] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<[string, number]>(['1', 0], ['":"', 0], ['"\\":"', 0], ['"{\\"a\\":1,\\"a\\":1}"', 0], ['[]', 0]),
    tie('object'),
    fc
      .array(tie('value'), { maxLength: 3 })
      .map((items): [string, number] => [
        `[${items.map(([text]) => text).join(',')}]`,
        items.reduce((sum, [, count]) => sum + count, 0),
      ]),
  ),
  object: fc.array(fc.tuple(NAME, SPACE, SPACE, tie('value')), { maxLength: 4 }).map((fields): [string, number] => {
    const names = fields.map(([name]) => JSON.parse(`"${name}"`) as string);
    const members = fields.map(
      ([name, before, after, [text]]) => `${after}"${name}"${before}:${after}${text}${before}`,
    );
    const inner = fields.reduce((sum, [, , , [, count]]) => sum + count, 0);
    return [`{${members.join(',')}}`, inner + names.length - new Set(names).size];
  }),
}));

test('exactJson: tells each name that comes again, however the text is written', () => {
  let texts = 0;
  fc.assert(
    fc.property(object, ([text, count]) => {
      if (count > 0) texts++;
      expect(exact(text).repeated).toHaveLength(count);
    }),
    { numRuns: 2000, seed: 1 },
  );
  expect(texts).toBeGreaterThan(200);
});

test.each([
  ['{"i":1,"i":2}', 'i'],
  ['{"m":{"a":1,"a":2}}', 'm'],
  ['{"a":[0,{"x":1},[{"y":1,"y":1}]]}', 'a[2][0]'],
  [`{"${'n'.repeat(100)}":1,"${'n'.repeat(100)}":2}`, 'n'.repeat(64)],
])('repeatedField: %s is told as %s', (text, field) => {
  expect(repeatedNames(text).map(repeatedField)).toEqual([field]);
});

test('repeatedNames: looks through 8 MiB of escapes without overflowing the stack', () => {
  const text = `{"a":"${'\\"'.repeat(4 * 1024 * 1024)}","a":1}`;
  expect(repeatedNames(text)).toEqual([['a']]);
});

test('exactJson: is not stopped by nesting deeper than the stack', () => {
  const text = `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)},"a":1}`;
  expect(exact(text).repeated).toEqual([['a']]);
});

test.each(['9007199254740993', '1.00000000000000000001', '0.10000000000000000055', '1e400', '-1E-400', '-0', '-0.0'])(
  'exactJson: keeps %s as it is written',
  (number) => {
    for (const text of [`[${number}]`, `[1, ${number} ]`, `{"a":[[${number}]],"b":"x"}`, `{"a" :\n${number}}`]) {
      const { value } = exact(text);
      expect(JSON.stringify(value)).toBe(text.replaceAll(/\s/g, ''));
    }
  },
);

test.each([
  ['1.000000000000000000', 1n],
  ['-0', 0n],
  ['18446744073709551615', 2n ** 64n - 1n],
  ['1.00000000000000000001', undefined],
  ['1e-400', undefined],
])('exactInteger: %s is %s', (text, integer) => {
  expect(exactInteger(new LongNumber(text))).toBe(integer);
});

test('exactInteger: a million digits are beyond 64 bits, and take no time', () => {
  expect(exactInteger(new LongNumber('9'.repeat(1_000_000)))).toBeGreaterThan(2n ** 64n);
});

test('nearestDouble: of a long number the nearest, of one beyond all none', () => {
  expect(nearestDouble(new LongNumber('0.10000000000000000055'))).toBe(0.1);
  expect(nearestDouble(new LongNumber('1e400'))).toBeUndefined();
});

test('parseExactJson: refuses a name that comes twice', () => {
  expect(() => parseExactJson('{"type":"a","type":"b"}')).toThrow('an object has the name "type" twice');
});
