import { LongNumber } from '../../../pipeline/json/exact-json.ts';
import { parseJsonSchema } from '../../../pipeline/json/parse-json-schema.ts';
import { compileJsonTextEncoder } from '../../../pipeline/payload/encode-json-text.ts';

const inner = { type: 'object', properties: { n: { type: 'integer' } } };
const SCHEMA = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    one: inner,
    many: { type: 'array', items: inner },
    named: { type: 'object', additionalProperties: inner },
  },
};
const encode = compileJsonTextEncoder(parseJsonSchema(JSON.stringify(SCHEMA)));
const unknown = (path: string) => ({ code: 'UNKNOWN_FIELD', path, reason: 'is not a property of the schema' });

test('compileJsonTextEncoder: names every property that the schema does not have, and the first other mistake', () => {
  const payload = { id: 'x', z: 1, one: { y: 1 }, many: [{}, { n: 1, x: 1 }], named: { k: { w: 1 } } };
  expect(encode(payload)).toEqual({
    issues: [
      { code: 'WRONG_TYPE', path: 'id', reason: expect.stringMatching(/^is refused: /) },
      ...['z', 'one.y', 'many[1].x', 'named[0].w'].map(unknown),
    ],
  });
});

test('compileJsonTextEncoder: cuts long names and long lists of them, and takes no inherited name for a known one', () => {
  expect(encode({ ['z'.repeat(99)]: 1 })).toEqual({ issues: [unknown(`${'z'.repeat(64)}…`)] });
  expect(encode({ constructor: 1 })).toEqual({ issues: [unknown('constructor')] });
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x${index}`, 1]));
  expect(encode(many)).toMatchObject({ issues: { length: 10 } });
  expect(encode({ one: new LongNumber('1') })).toMatchObject({ issues: { length: 1 } });
  expect(encode([])).toMatchObject({ issues: [{ code: 'WRONG_TYPE', path: '' }] });
});
