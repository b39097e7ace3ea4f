import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventFolders, loadContract } from '../../../pipeline/contract/load-contract.ts';

const SCHEMAS = fileURLToPath(new URL('../../../schemas', import.meta.url));
const EVENT_YAML = 'description: A parcel was sent.\nowner: shipping\n';
const V1 = `syntax = "proto3";
import "google/protobuf/timestamp.proto";
message ParcelSent {
  string parcel_id = 1;
  google.protobuf.Timestamp sent_at = 2;
  optional string note = 3;
  double weight = 4;
  uint64 route = 5;
}
`;
const VALID = '{ "parcel_id": "p", "sent_at": "2026-11-20T12:30:00Z", "weight": 1.5, "route": 3 }';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headrace-contract-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Writes the event's folder: a whole contract, with some files replaced, added, or left out (null). */
function eventFolder(files: Record<string, string | Uint8Array | null> = {}, event = 'parcel_sent'): string {
  const folder = join(root, event);
  const all = { 'event.yaml': EVENT_YAML, 'v1.proto': V1, 'examples/valid-parcel.json': VALID, ...files };
  for (const [name, content] of Object.entries(all)) {
    if (content !== null) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  }
  return folder;
}

/** The message of the error, with the folder left out. */
function refusal(files: Record<string, string | Uint8Array | null>): string {
  const folder = eventFolder(files);
  try {
    loadContract(folder);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ContractError' });
    return (error as Error).message.replaceAll(`${folder}/`, '').replaceAll(folder, '.');
  }
  return 'accepted';
}

test('loadContract: fills in every default', () => {
  const contract = loadContract(eventFolder());
  expect(contract).toEqual({
    format: 2,
    event: 'parcel_sent',
    description: 'A parcel was sent.',
    owner: 'shipping',
    compatibility: 'BACKWARD',
    keyField: null,
    eventTimeField: null,
    topic: { name: 'parcel_sent', partitions: 3, retentionHours: 168 },
    freshnessSeconds: 30,
    lake: { partitionBy: [], openPartitionsMax: 50 },
    warehouse: { target: 'duckdb', table: 'parcel_sent' },
    versions: [
      { format: 'protobuf', version: 1, definition: V1, message: expect.objectContaining({ name: 'ParcelSent' }) },
    ],
  });
});

test('loadContract: takes every field that event.yaml gives', () => {
  const yaml = `${EVENT_YAML}compatibility: BACKWARD
keyField: parcel_id
eventTimeField: sent_at
freshnessSeconds: 600
topic: { partitions: 200, retentionHours: 1 }
lake: { partitionBy: [route, year, month], openPartitionsMax: 7 }
warehouse: { target: redshift, table: parcels }
`;
  expect(loadContract(eventFolder({ 'event.yaml': yaml }))).toMatchObject({
    keyField: 'parcel_id',
    eventTimeField: 'sent_at',
    topic: { name: 'parcel_sent', partitions: 200, retentionHours: 1 },
    freshnessSeconds: 600,
    lake: { partitionBy: ['route', 'year', 'month'], openPartitionsMax: 7 },
    warehouse: { target: 'redshift', table: 'parcels' },
  });
});

test('loadContract: versions are in the order of their numbers, not of their names', () => {
  const versions = Array.from({ length: 11 }, (_, index) => index + 1);
  const files = versions.map((version) => [`v${version}.proto`, `// Version ${version}\n${V1}`]);
  const contract = loadContract(eventFolder(Object.fromEntries(files)));
  expect(contract.versions.map(({ version }) => version)).toEqual(versions);
  expect(contract.versions[9]?.definition).toMatch(/^\/\/ Version 10\n/);
});

test('loadContract: is the same value for the same files, in any folder and order of writing', () => {
  const first = JSON.stringify(loadContract(eventFolder()));
  const elsewhere = join(root, 'elsewhere', 'parcel_sent');
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(join(elsewhere, 'v1.proto'), V1);
  writeFileSync(join(elsewhere, 'event.yaml'), EVENT_YAML);
  expect(JSON.stringify(loadContract(elsewhere))).toBe(first);
  expect(JSON.stringify(loadContract(`${elsewhere}/`))).toBe(first);
});

test('loadContract: examples may be absent, hidden files are ignored, and a byte-order mark is no content', () => {
  const files = { 'examples/valid-parcel.json': null, '.notes': 'x', 'event.yaml': `\ufeff${EVENT_YAML}` };
  expect(loadContract(eventFolder({ ...files, 'v1.proto': `\ufeff${V1}` })).versions[0]?.definition).toBe(V1);
  expect(refusal({ 'examples/.DS_Store': 'x' })).toBe('accepted');
});

const yaml = (more: string): Record<string, string> => ({ 'event.yaml': EVENT_YAML + more });
const KNOWN =
  'description, owner, compatibility, keyField, eventTimeField, topic, freshnessSeconds, sink, lake, warehouse';
const KEYS = 'is not a required string or integer field of ParcelSent, allowed is parcel_id or route';
const FOLDERS = 'cannot name folders, allowed are parcel_id, route, year, month, day, hour';
const TIMES = 'is not a required google.protobuf.Timestamp field of ParcelSent, allowed is sent_at';

test.each([
  [{ 'event.yaml': 'description: "open\n' }, 'event.yaml:2: Missing closing "quote'],
  [yaml('owner: twice\n'), 'event.yaml:3: Map keys must be unique'],
  [yaml('---\nmore: 1\n'), 'event.yaml:3: Source contains multiple documents; please use YAML.parseAllDocuments()'],
  [yaml('topic: *nowhere\n'), 'event.yaml: Unresolved alias (the anchor must be set before the alias): nowhere'],
  [
    { 'event.yaml': '' },
    "event.yaml:1: must have required property 'description'\nevent.yaml:1: must have required property 'owner'",
  ],
  [{ 'event.yaml': 'description: x\n' }, "event.yaml:1: must have required property 'owner'"],
  [{ 'event.yaml': '- a\n- b\n' }, 'event.yaml:1: must be object'],
  [
    { 'event.yaml': 'description: x\nowner: ""\n' },
    'event.yaml:2: owner: must match pattern "^[A-Za-z0-9 _.:/=+@-]{1,256}$", such as flight-operations',
  ],
  [yaml('colour: red\n'), `event.yaml:3: colour: unknown field, allowed are ${KNOWN}`],
  [
    yaml('topic:\n  partitions: 4\n  name: x\n'),
    'event.yaml:5: topic.name: unknown field, allowed are partitions, retentionHours',
  ],
  [yaml('topic:\n  partitions: many\n'), 'event.yaml:4: topic.partitions: must be integer, allowed is 1 to 200'],
  [yaml('topic:\n  partitions: 1.5\n'), 'event.yaml:4: topic.partitions: must be integer, allowed is 1 to 200'],
  [yaml('topic:\n  partitions: 0\n'), 'event.yaml:4: topic.partitions: must be >= 1, allowed is 1 to 200'],
  [yaml('topic:\n  partitions: 201\n'), 'event.yaml:4: topic.partitions: must be <= 200, allowed is 1 to 200'],
  [yaml('topic:\n  retentionHours: 0\n'), 'event.yaml:4: topic.retentionHours: must be >= 1, allowed is 1 to 8760'],
  [
    yaml('topic:\n  retentionHours: 8761\n'),
    'event.yaml:4: topic.retentionHours: must be <= 8760, allowed is 1 to 8760',
  ],
  [yaml('topic: 4\n'), 'event.yaml:3: topic: must be object'],
  [yaml('topic:\n'), 'event.yaml:3: topic: must be object'],
  [yaml('freshnessSeconds: 1\n'), 'event.yaml:3: freshnessSeconds: must be >= 2, allowed is 2 to 3600'],
  [yaml('freshnessSeconds: 3601\n'), 'event.yaml:3: freshnessSeconds: must be <= 3600, allowed is 2 to 3600'],
  [yaml('compatibility: FULL\n'), 'event.yaml:3: compatibility: not allowed, allowed is BACKWARD'],
  [
    yaml('warehouse: { target: oracle }\n'),
    'event.yaml:3: warehouse.target: not allowed, allowed is duckdb or redshift or snowflake or athena',
  ],
  [
    yaml('sink: { pollersMax: 2 }\nfreshnessSeconds: 180\n'),
    'event.yaml:3: sink.pollersMax: freshnessSeconds 180 drains the topic by a schedule, which has no pollers: allowed below 180',
  ],
  [
    yaml('freshnessSeconds: 1\ncolour: red\n'),
    `event.yaml:4: colour: unknown field, allowed are ${KNOWN}\nevent.yaml:3: freshnessSeconds: must be >= 2, allowed is 2 to 3600`,
  ],
  [yaml('lake: { partitionBy: [sent_at] }\n'), `event.yaml:3: lake.partitionBy: "sent_at" ${FOLDERS}`],
  [yaml('lake: { partitionBy: [year, gone] }\n'), `event.yaml:3: lake.partitionBy: "gone" ${FOLDERS}`],
  [
    yaml('lake: { openPartitionsMax: 201 }\n'),
    'event.yaml:3: lake.openPartitionsMax: must be <= 200, allowed is 1 to 200',
  ],
  [
    yaml('warehouse: { table: 1parcel }\n'),
    'event.yaml:3: warehouse.table: must match pattern "^[a-z][a-z0-9_]{0,62}$", such as order_created',
  ],
  [yaml('\n# the key\nkeyField: note\n'), `event.yaml:5: keyField: "note" ${KEYS}`],
  [yaml('keyField: weight\n'), `event.yaml:3: keyField: "weight" ${KEYS}`],
  [yaml('keyField: sent_at\n'), `event.yaml:3: keyField: "sent_at" ${KEYS}`],
  [yaml('keyField: parcelId\n'), `event.yaml:3: keyField: "parcelId" ${KEYS}`],
  [yaml('keyField: constructor\n'), `event.yaml:3: keyField: "constructor" ${KEYS}`],
  [yaml('eventTimeField: parcel_id\n'), `event.yaml:3: eventTimeField: "parcel_id" ${TIMES}`],
  [yaml('keyField: parcel_id\neventTimeField: gone\n'), `event.yaml:4: eventTimeField: "gone" ${TIMES}`],
])('loadContract: refuses the event.yaml %j', (files, message) => {
  expect(refusal(files)).toBe(message);
});

test('loadContract: refuses a partition column that could be a field or a part of the event time', () => {
  const v1 = V1.replace('uint64 route', 'uint64 hour');
  expect(
    refusal({ ...yaml('lake: { partitionBy: [hour] }\n'), 'v1.proto': v1, 'examples/valid-parcel.json': null }),
  ).toBe(
    'event.yaml:3: lake.partitionBy: "hour" is a field and a part of the event time, ' +
      'allowed are parcel_id, hour, year, month, day',
  );
});

test('loadContract: says when no field is fit for a role', () => {
  const v1 = 'syntax = "proto3"; message ParcelSent { double weight = 1; }';
  const files = { ...yaml('eventTimeField: weight\n'), 'v1.proto': v1, 'examples/valid-parcel.json': null };
  expect(refusal(files)).toBe(
    'event.yaml:3: eventTimeField: "weight" is not a required google.protobuf.Timestamp field of ParcelSent, it has none',
  );
});

test('loadContract: refuses aliases that grow beyond measure', () => {
  const rows = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
  for (const [before, name] of ['ab', 'bc', 'cd', 'de'].map((pair) => pair.split(''))) {
    rows.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`);
  }
  expect(refusal({ 'event.yaml': rows.join('\n') })).toMatch(/^event\.yaml: .*alias/i);
});

const UNKNOWN_FILE = 'unknown file; allowed are event.yaml, v<number>.proto (or .avsc, .json), examples/';
const NOT_BACKWARD = 'not BACKWARD compatible with v1';

test.each<[Record<string, string | Uint8Array | null>, string]>([
  [{ 'event.yaml': null }, 'event.yaml: no such file; an event is a folder with event.yaml, v1.proto and examples/'],
  [{ 'event.yaml': null, 'event.yaml/x': '' }, 'event.yaml: cannot be read: EISDIR'],
  [{ 'v1.proto': null }, '.: v1.proto is missing; versions count up from v1.proto'],
  [{ 'v1.proto': null, 'v2.proto': V1 }, '.: v1.proto is missing; versions count up from v1.proto'],
  [{ 'v3.proto': V1 }, '.: v2.proto is missing; versions count up from v1.proto'],
  [{ 'v01.proto': V1 }, `v01.proto: ${UNKNOWN_FILE}`],
  [{ 'v0.proto': V1 }, `v0.proto: ${UNKNOWN_FILE}`],
  [{ 'V2.proto': V1 }, `V2.proto: ${UNKNOWN_FILE}`],
  [{ 'v2.avsc': '{}' }, 'v2.avsc: the versions of an event have one format, and its first is v1.proto'],
  [{ 'README.md': '' }, `README.md: ${UNKNOWN_FILE}`],
  [{ 'v2.proto/x': '' }, `v2.proto: ${UNKNOWN_FILE}`],
  [{ 'examples/valid-parcel.json': null, examples: 'text' }, `examples: ${UNKNOWN_FILE}`],
  [{ 'event.yaml': Buffer.from([0x61, 0xff]) }, 'event.yaml: is not UTF-8'],
  [{ 'v1.proto': Buffer.from([0x61, 0xc0, 0x80]) }, 'v1.proto: is not UTF-8'],
  [{ 'examples/valid-a.json': Buffer.from([0x22, 0xe9, 0x22]) }, 'examples/valid-a.json: is not UTF-8'],
  [{ 'v1.proto': V1.replace('route = 5', 'route = 4') }, 'v1.proto:8: duplicate id 4 in Type ParcelSent'],
  [{ 'v2.proto': V1.replace('  double weight = 4;\n', '') }, `v2.proto:3: ${NOT_BACKWARD}: weight was removed`],
  [
    { 'v2.proto': V1.replace('double weight', 'float weight').replace('optional string note', 'string note') },
    `v2.proto:6: ${NOT_BACKWARD}: note was optional, is required; weight changed its type from double to float`,
  ],
  [
    { 'v2.proto': V1.replace('message', 'package parcels;\nmessage') },
    `v2.proto:4: ${NOT_BACKWARD}: the payload was ParcelSent, is parcels.ParcelSent`,
  ],
  [
    { 'v2.proto': V1.replace('}', '  bool fragile = 6;\n}') },
    `v2.proto:9: ${NOT_BACKWARD}: fragile is new and required, a new field must be optional, repeated or a map`,
  ],
])('loadContract: refuses the files %j', (files, message) => {
  expect(refusal(files)).toBe(message);
});

test('loadContract: each version is compared with the one before it', () => {
  const v2 = V1.replace('}', '  optional bool fragile = 6;\n}');
  expect(refusal({ 'v2.proto': v2, 'v3.proto': v2 })).toBe('accepted');
  expect(refusal({ 'v2.proto': v2, 'v3.proto': V1 })).toBe(
    'v3.proto:3: not BACKWARD compatible with v2: fragile was removed',
  );
});

test('loadContract: the key field and the examples are checked against the newest version', () => {
  const v2 = V1.replace('string parcel_id', 'optional string parcel_id');
  const keyed = yaml('keyField: parcel_id\n');
  expect(refusal({ ...keyed, 'v2.proto': v2 })).toBe(
    'event.yaml:3: keyField: "parcel_id" is not a required string or integer field of ParcelSent, allowed is route',
  );
  const withoutId = { 'examples/valid-no-id.json': VALID.replace('"parcel_id": "p", ', '') };
  expect(refusal({ 'event.yaml': EVENT_YAML, 'v2.proto': v2, ...withoutId })).toBe('accepted');
});

test.each([
  ['valid-a.json', '{}', ': refused by the schema: parcel_id is required'],
  ['valid-a.json', '[]', ': refused by the schema: the payload must be an object with the fields of ParcelSent'],
  ['invalid-a.json', VALID, ': accepted by the schema, although its name says invalid'],
  ['invalid-a.json', '{', ":1: Expected property name or '}' in JSON at position 1 (line 1 column 2)"],
  ['a.json', VALID, ': an example is called valid-<what>.json or invalid-<what>.json'],
  ['valid-a.txt', VALID, ': an example is called valid-<what>.json or invalid-<what>.json'],
  ['valid-.json', VALID, ': an example is called valid-<what>.json or invalid-<what>.json'],
])('loadContract: the example %s that holds %j is refused', (name, content, reason) => {
  expect(refusal({ [`examples/${name}`]: content })).toBe(`examples/${name}${reason}`);
});

test('loadContract: every example that is refused is told, with its line', () => {
  const wrong = VALID.replace(', "weight": 1.5', ',\n "weight": "much"');
  expect(refusal({ 'examples/valid-a.json': wrong, 'examples/valid-b.json': '{\n "a": b\n}' })).toMatch(
    /^examples\/valid-a.json:2: refused by the schema: weight .*\nexamples\/valid-b.json:2: Unexpected token/,
  );
});

test.each([
  'OrderCreated',
  'order-created',
  'order__created',
  '_order',
  'order_',
  '1order',
  'bestellung_größe',
  `o${'x'.repeat(40)}`,
])('loadContract: refuses the event name %s', (event) => {
  const folder = eventFolder({}, event);
  const allowed = 'allowed is snake_case of at most 40 characters, such as order_created';
  expect(() => loadContract(folder)).toThrow(`${folder}: "${event}" cannot name an event; ${allowed}`);
});

test('loadContract: an event name may have 40 characters', () => {
  const event = `o${'x'.repeat(39)}`;
  const v1 = `syntax = "proto3"; message O${'x'.repeat(39)} { int32 a = 1; }`;
  expect(loadContract(eventFolder({ 'v1.proto': v1, 'examples/valid-parcel.json': '{"a":1}' }, event)).event).toBe(
    event,
  );
});

test('eventFolders: are sorted, without files and hidden folders', () => {
  for (const event of ['b_event', 'a_event', '.git', 'a']) {
    eventFolder({}, event);
  }
  writeFileSync(join(root, 'event.schema.json'), '{}');
  expect(eventFolders(root).map((folder) => basename(folder))).toEqual(['a', 'a_event', 'b_event']);
});

test('eventFolders: refuses a folder without events, or none at all', () => {
  const reason = 'no event found; an event is a folder with an event.yaml';
  expect(() => eventFolders(root)).toThrow(`${root}: ${reason}`);
  expect(() => eventFolders(join(root, 'gone'))).toThrow(reason);
  expect(() => eventFolders('no such folder')).toThrow(`${process.cwd()}/no such folder: ${reason}`);
});

test.each(eventFolders(SCHEMAS).map((folder) => basename(folder)))('schemas/%s loads', (event) => {
  const contract = loadContract(join(SCHEMAS, event));
  expect(contract.event).toBe(event);
  expect(JSON.parse(JSON.stringify(contract))).toEqual(contract);
});

test('loadContract: refuses a schema that is nested deeper than Parquet’s levels', () => {
  const nested = (depth: number): unknown =>
    depth === 0 ? 'int' : { type: 'array', items: ['null', nested(depth - 1)] };
  const avsc = { type: 'record', name: 'ParcelSent', fields: [{ name: 'deep', type: nested(200) }] };
  const none = { 'v1.proto': null, 'examples/valid-parcel.json': null };
  expect(refusal({ ...none, 'v1.avsc': JSON.stringify(avsc) })).toMatch('v1.avsc: Cannot make a column below "deep"');
});
