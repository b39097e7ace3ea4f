import { jsonLine } from '../../../pipeline/contract/json-line.ts';

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
