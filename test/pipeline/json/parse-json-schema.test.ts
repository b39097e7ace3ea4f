import { jsonSchemaColumns } from '../../../pipeline/json/json-columns.ts';
import { JsonSchemaError } from '../../../pipeline/json/json-schema-error.ts';
import { parseJsonSchema } from '../../../pipeline/json/parse-json-schema.ts';

const text = (type: unknown, more: object = {}) => JSON.stringify({ type: 'object', properties: { f: type }, ...more });

test('parseJsonSchema: each type has its column', () => {
  const properties = {
    id: { type: 'string', format: 'uuid', description: 'who' },
    small: { type: 'integer', minimum: 0, maximum: 100 },
    long: { type: 'integer' },
    huge: { type: 'integer', minimum: 0, maximum: 2 ** 64 - 2 ** 11 },
    price: { $ref: '#/$defs/money' },
    day: { type: ['string', 'null'], format: 'date' },
    tags: { type: 'array', items: { type: ['string', 'null'] } },
    labels: { type: 'object', additionalProperties: { type: 'number' } },
    raw: { type: 'string', contentEncoding: 'base64' },
    status: { type: 'string', enum: ['A'] },
  };
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties,
    required: ['id', 'small', 'price', 'day', 'tags'],
    $defs: { money: { type: 'object', properties: { units: { type: 'number' } }, required: ['units'] } },
  };
  const int = (bits: number, signed = true) => ({ kind: 'int', bits, signed });
  expect(jsonSchemaColumns(parseJsonSchema(JSON.stringify(schema)))).toEqual([
    { name: 'id', type: { kind: 'uuid' }, nullable: false },
    { name: 'small', type: int(32), nullable: false },
    { name: 'long', type: int(64), nullable: true },
    { name: 'huge', type: int(64, false), nullable: true },
    {
      name: 'price',
      type: { kind: 'struct', fields: [{ name: 'units', type: { kind: 'double' }, nullable: false }] },
      nullable: false,
    },
    { name: 'day', type: { kind: 'date' }, nullable: true },
    {
      name: 'tags',
      type: { kind: 'list', element: { name: 'element', type: { kind: 'string' }, nullable: true } },
      nullable: false,
    },
    {
      name: 'labels',
      type: {
        kind: 'map',
        key: { name: 'key', type: { kind: 'string' }, nullable: false },
        value: { name: 'value', type: { kind: 'double' }, nullable: false },
      },
      nullable: true,
    },
    { name: 'raw', type: { kind: 'bytes' }, nullable: true },
    { name: 'status', type: { kind: 'enum' }, nullable: true },
  ]);
});

const SELF = { $defs: { node: { type: 'array', items: { $ref: '#/$defs/node' } } } };

test.each([
  ['text that is not JSON', '{', 'a JSON Schema is JSON'],
  ['another draft', text({ type: 'string' }, { $schema: 'https://json-schema.org/draft/2020-12/schema' }), 'draft-07'],
  ['a payload that is no object', '{"type":"string"}', 'must be an object'],
  ['a payload that may be null', text({ type: 'string' }, { type: ['object', 'null'] }), 'must be an object'],
  [
    'a word that it does not check',
    text({ type: 'string', pattern: 'x' }),
    'f: "pattern" is not allowed; allowed for string',
  ],
  ['an unknown type', text({ type: 'float' }), 'f: "type" must be one of'],
  ['several types', text({ type: ['string', 'integer'] }), '"type" must be one of'],
  ['no type', text({}), '"type" must be one of'],
  ['an unknown format', text({ type: 'string', format: 'email' }), '"format" must be one of date-time, date, uuid'],
  ['an enum of numbers', text({ type: 'string', enum: [1] }), '"enum" must be'],
  ['an array without items', text({ type: 'array' }), 'f[]: a schema is an object'],
  ['an object without properties', text({ type: 'object' }), 'an object needs "properties"'],
  ['free properties', text({ type: 'string' }, { additionalProperties: true }), 'have no column'],
  ['a required property that is none', text({ type: 'string' }, { required: ['g'] }), '"required" must be'],
  ['bounds out of order', text({ type: 'integer', minimum: 2, maximum: 1 }), 'in order'],
  ['bounds beyond 64 bits', text({ type: 'integer', maximum: 1e20 }), '64 bits'],
  [
    'a signed bound above 64 bits',
    text({ type: 'integer', maximum: 1 }).replace(':1}', ':9223372036854775808}'),
    '64 bits',
  ],
  ['a bound that is a fraction', text({ type: 'integer', minimum: 0.5 }), 'must be an integer'],
  ['a reference that is not there', text({ $ref: '#/$defs/x' }), '"#/$defs/x" is not known'],
  ['a reference elsewhere', text({ $ref: 'https://example.com/x' }), 'is not known'],
  ['a reference with rules beside it', text({ $ref: '#/$defs/x', type: 'string' }), 'beside "$ref"'],
  ['a schema that contains itself', text({ $ref: '#/$defs/node' }, SELF), 'contains itself'],
  [
    'a name with a hyphen',
    JSON.stringify({ type: 'object', properties: { 'a-b': { type: 'string' } } }),
    'a-b: a name has',
  ],
])('parseJsonSchema: refuses %s', (_, schema, reason) => {
  expect(() => parseJsonSchema(schema)).toThrow(JsonSchemaError);
  expect(() => parseJsonSchema(schema)).toThrow(reason);
});
