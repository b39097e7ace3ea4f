import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadContract } from '../../../pipeline/contract/load-contract.ts';
import { tableColumns } from '../../../pipeline/contract/table-columns.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headrace-contract-'));
});
afterEach(() => rm(root, { recursive: true }));

async function load(files: Readonly<Record<string, string>>) {
  const folder = join(root, 'sale');
  await mkdir(join(folder, 'examples'), { recursive: true });
  const all = { 'event.yaml': 'description: Sales.\nowner: shop\n', ...files };
  for (const [file, text] of Object.entries(all)) await writeFile(join(folder, file), text);
  return loadContract(folder);
}

/** The message of the error, with the folder left out. */
async function refusal(files: Readonly<Record<string, string>>): Promise<string> {
  try {
    await load(files);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ContractError' });
    return (error as Error).message.replaceAll(`${join(root, 'sale')}/`, '');
  }
  return 'accepted';
}

const avsc = (...fields: object[]) => JSON.stringify({ type: 'record', name: 'Sale', fields }, null, 1);
const json = (properties: object, required: string[] = []) =>
  JSON.stringify({ type: 'object', properties, required }, null, 1);
const ID = { name: 'id', type: 'long' };
const INTEGER = { type: 'integer' };

test.each([
  ['avro', { 'v1.avsc': avsc(ID) }],
  ['json', { 'v1.json': json({ id: INTEGER }, ['id']) }],
])('loadContract: an event in %s has the columns of its schema, and its text as definition', async (format, files) => {
  const contract = await load(files);
  const definition = Object.values(files)[0];
  expect(contract.versions).toEqual([{ format, version: 1, definition }]);
  expect(tableColumns(contract).at(-1)).toEqual({
    name: 'id',
    type: { kind: 'int', bits: 64, signed: true },
    nullable: false,
  });
});

test.each([
  ['a schema that is none', { 'v1.avsc': '{' }, 'v1.avsc:1: an Avro schema is JSON'],
  [
    'a union of several types',
    { 'v1.avsc': avsc({ name: 'u', type: ['int', 'string'] }) },
    'v1.avsc:6: Sale.u: a union of',
  ],
  [
    'a word that is not checked',
    { 'v1.json': json({ s: { type: 'string', pattern: 'x' } }) },
    'v1.json:4: s: "pattern"',
  ],
  [
    'names that SQL cannot tell apart',
    { 'v1.avsc': avsc(ID, { name: 'ID', type: 'int' }) },
    'v1.avsc:10: ID: clashes with id',
  ],
  ['a name of the pipeline', { 'v1.json': json({ _offset: INTEGER }) }, 'v1.json:4: _offset: names that begin with _'],
  [
    'no record',
    { 'v1.avsc': '"string"' },
    'v1.avsc: the payload must be a record, as each of its fields is a column, not string',
  ],
  [
    'two formats',
    { 'v1.avsc': avsc(ID), 'v2.json': json({ id: INTEGER }) },
    'v2.json: the versions of an event have one format, and its first is v1.avsc',
  ],
  ['a gap', { 'v2.avsc': avsc(ID) }, '.: v1.avsc is missing; versions count up from v1.avsc'],
  [
    'a key that may be null',
    {
      'v1.avsc': avsc({ name: 'id', type: ['null', 'long'] }),
      'event.yaml': 'description: x\nowner: y\nkeyField: id\n',
    },
    'event.yaml:3: keyField: "id" is not a required string or integer field of the payload, it has none',
  ],
  [
    'an event time that is text',
    {
      'v1.json': json({ at: { type: 'string' } }, ['at']),
      'event.yaml': 'description: x\nowner: y\neventTimeField: at\n',
    },
    'event.yaml:3: eventTimeField: "at" is not a required date-time field of the payload',
  ],
  [
    'an example that is not valid',
    { 'v1.avsc': avsc(ID), 'examples/valid-x.json': '{}' },
    'examples/valid-x.json: refused by the schema: id is refused: a value is required',
  ],
  [
    'an example that is valid',
    { 'v1.json': json({ id: INTEGER }), 'examples/invalid-x.json': '{}' },
    'examples/invalid-x.json: accepted by the schema',
  ],
])('loadContract: refuses %s', async (_, files, message) => {
  expect((await refusal(files)).replace(join(root, 'sale'), '.')).toContain(message);
});

const optional = (type: unknown) => ({ name: 'f', type: ['null', type], default: null });
const f = (type: unknown, more: object = {}) => ({ name: 'f', type, ...more });
const symbols = (...names: string[]) => ({ type: 'enum', name: 'E', symbols: names });
const inner = (...fields: object[]) => ({ type: 'record', name: 'Inner', fields });
const fixed = (name: string, size: number) => ({ type: 'fixed', name, size });
const BYTES = { type: 'bytes', logicalType: 'decimal' };
const MICROS = { type: 'long', logicalType: 'timestamp-micros' };

test.each<[string, object, object, string]>([
  ['a field that was removed', f('int'), optional('int'), 'f'],
  ['a field that may be null', f('int'), optional('int'), ''],
  ['a field that may be null no more', optional('int'), f('int'), 'f may be null no more'],
  ['a wider type', f('int'), f('long'), 'f changed its type from int (int) to long (int)'],
  ['a time', f('long'), f(MICROS), 'f changed its type from long (int) to long (timestamp micros)'],
  ['a fixed for bytes', f('bytes'), f(fixed('X', 2)), 'f changed its type from bytes (bytes) to fixed (bytes)'],
  ['a fixed of another name', f(fixed('X', 2)), f(fixed('Y', 2)), 'f was called X, is called Y'],
  ['a fixed of another size', f(fixed('X', 2)), f(fixed('X', 3)), 'f was 2 bytes, is 3'],
  ['an enum of another name', f(symbols('A')), f({ ...symbols('A'), name: 'F' }), 'f was called E, is called F'],
  ['a record of another name', f(inner(ID)), f({ ...inner(ID), name: 'Other' }), 'f was called Inner, is called Other'],
  ['a name in another namespace', f(inner(ID)), f({ ...inner(ID), namespace: 'shop' }), ''],
  [
    'a decimal of another scale',
    f({ ...BYTES, precision: 9, scale: 2 }),
    f({ ...BYTES, precision: 9 }),
    'f changed its type from bytes (decimal 9, 2) to bytes (decimal 9, 0)',
  ],
  ['a symbol more', f(symbols('A')), f(symbols('A', 'B')), ''],
  ['a symbol less', f(symbols('A', 'B')), f(symbols('A')), 'f lost the symbol B, and the enum has no default'],
  ['a symbol less, and a default', f(symbols('A', 'B')), f({ ...symbols('A'), default: 'A' }), ''],
  [
    'items of another type',
    f({ type: 'array', items: 'int' }),
    f({ type: 'array', items: 'string' }),
    'f[] changed its type',
  ],
  [
    'values of a map that are null',
    f({ type: 'map', values: ['null', 'int'] }),
    f({ type: 'map', values: 'int' }),
    'f{} may be null no more',
  ],
  [
    'a field inside without a default',
    f(inner(ID)),
    f(inner(ID, { name: 'g', type: 'int' })),
    'f.g is new and has no default',
  ],
  ['a field inside with a default', f(inner(ID)), f(inner(ID, { name: 'g', type: 'int', default: 1 })), ''],
  ['a field less inside', f(inner(ID, { name: 'g', type: 'int' })), f(inner(ID)), 'f.g was removed'],
])('loadContract: a newer Avro schema with %s', async (name, before, after, reason) => {
  const newer = name === 'a field that was removed' ? avsc(ID) : avsc(ID, after);
  const message = await refusal({ 'v1.avsc': avsc(ID, before), 'v2.avsc': newer });
  const expected = name === 'a field that was removed' ? 'f was removed' : reason;
  if (expected === '') expect(message).toBe('accepted');
  else expect(message).toMatch(/^v2\.avsc(:\d+)?: not BACKWARD compatible with v1: /);
  expect(message).toContain(expected);
});

test('loadContract: the record of a newer Avro schema keeps its name', async () => {
  const renamed = avsc(ID).replace('"Sale"', '"Sold"');
  expect(await refusal({ 'v1.avsc': avsc(ID), 'v2.avsc': renamed })).toBe(
    'v2.avsc:3: not BACKWARD compatible with v1: the payload was called Sale, is called Sold',
  );
});

const bounded = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum });
const list = (items: object) => ({ type: 'array', items });

test.each<[string, object, object, string]>([
  ['a property more', { f: INTEGER }, { f: INTEGER, g: INTEGER }, ''],
  ['a property less', { f: INTEGER }, { g: INTEGER }, 'f was removed'],
  ['wider bounds', { f: bounded(0, 9) }, { f: bounded(-9, 99) }, ''],
  ['narrower bounds', { f: bounded(0, 9) }, { f: bounded(1, 9) }, 'f has narrower bounds'],
  [
    'bounds of another column',
    { f: bounded(0, 9) },
    { f: INTEGER },
    'f changed its type from int of 32 bits to int of 64 bits',
  ],
  ['a value more', { f: { type: 'string', enum: ['A'] } }, { f: { type: 'string', enum: ['B', 'A'] } }, ''],
  [
    'a value less',
    { f: { type: 'string', enum: ['A', 'B'] } },
    { f: { type: 'string', enum: ['B'] } },
    'f lost the value A',
  ],
  ['null', { f: INTEGER }, { f: { type: ['integer', 'null'] } }, ''],
  ['no null', { f: list({ type: ['integer', 'null'] }) }, { f: list(INTEGER) }, 'f[] may be null no more'],
  [
    'a format',
    { f: { type: 'string' } },
    { f: { type: 'string', format: 'date' } },
    'f changed its type from string to date',
  ],
])('loadContract: a newer JSON Schema with %s', async (_, before, after, reason) => {
  const message = await refusal({ 'v1.json': json(before), 'v2.json': json(after) });
  if (reason === '') expect(message).toBe('accepted');
  else expect(message).toMatch(/^v2\.json(:\d+)?: not BACKWARD compatible with v1: /);
  expect(message).toContain(reason);
});

test('loadContract: a JSON property may become optional, but not required', async () => {
  const [some, all] = [json({ f: INTEGER }), json({ f: INTEGER }, ['f'])];
  expect(await refusal({ 'v1.json': all, 'v2.json': some })).toBe('accepted');
  expect(await refusal({ 'v1.json': some, 'v2.json': all })).toContain('f is required now');
  const more = json({ f: INTEGER, g: INTEGER }, ['g']);
  expect(await refusal({ 'v1.json': some, 'v2.json': more })).toContain('g is new and required');
});
