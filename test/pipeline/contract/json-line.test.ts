import { jsonLine, syntaxErrorLine } from '../../../pipeline/contract/json-line.ts';

const TEXT = `{
  "a": {
    "id": 1
  },
  "b": { "list": [
    { "id": 2 }
  ] },
  "id": 3
}`;

test.each([
  ['id', 3],
  ['a.id', 3],
  ['b.id', 6],
  ['b.list[].id', 6],
  ['Sale.b.list', 5],
  ['id.a', 2],
  ['b.gone', 0],
  ['gone', 0],
  ['', 0],
])('jsonLine: %s is on line %i', (path, line) => {
  expect(jsonLine(TEXT, path)).toBe(line);
});

test.each([
  ['{}', 0],
  [TEXT, 0],
  ['', 1],
  ['{\n "a": 1,\n}', 3],
  ['{\n "a": b,\n "c": 1\n}', 2],
  ['{\n "a": 1\n "c": 1\n}', 3],
  ['{\n "a": "open,\n "c": 1\n}', 2],
  ['{}\nmore\n', 2],
  ['{\n "a": [1,\n', 3],
])('syntaxErrorLine: %j stops being JSON on line %i', (text, line) => {
  expect(syntaxErrorLine(text)).toBe(line);
});
