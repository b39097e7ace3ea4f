import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { compileProto } from '../../../pipeline/contract/compile-proto.ts';
import { exactJson } from '../../../pipeline/json/exact-json.ts';
import { compileJsonEncoder, type PayloadIssue } from '../../../pipeline/protobuf/encode-json.ts';
import { ISSUES_MAX } from '../../../pipeline/protobuf/encoding.ts';

const SOURCE = `syntax = "proto3";
import "google/protobuf/timestamp.proto";
message Payload {
  optional string a_string = 1;
  optional bytes a_bytes = 2;
  optional bool a_bool = 3;
  optional double a_double = 4;
  optional float a_float = 5;
  optional int32 an_int32 = 6;
  optional sint32 a_sint32 = 7;
  optional uint32 a_uint32 = 8;
  optional fixed32 a_fixed32 = 9;
  optional sfixed32 an_sfixed32 = 10;
  optional int64 an_int64 = 11;
  optional sint64 a_sint64 = 12;
  optional uint64 a_uint64 = 13;
  optional fixed64 a_fixed64 = 14;
  optional sfixed64 an_sfixed64 = 15;
  optional google.protobuf.Timestamp a_time = 16;
  optional Color color = 17;
  repeated int32 numbers = 18;
  repeated Item items = 19;
  map<string, Item> by_name = 20;
  map<int32, string> by_int32 = 21;
  map<uint64, string> by_uint64 = 22;
  map<bool, string> by_bool = 23;
  oneof payment { string card = 24; string voucher = 25; Item swap = 26; }
  repeated google.protobuf.Timestamp times = 27;
  enum Color { NONE = 0; RED = 5; }
  message Item { string sku = 1; optional Part part = 2; }
  message Part { repeated string labels = 1; }
}
message Inherited { int32 constructor = 1; int32 toString = 2; optional int32 valueOf = 3; }
`;

const encode = compileJsonEncoder(compileProto('v1.proto', SOURCE, 'payload'));
const reader = protobuf
  .parse(SOURCE, { keepCase: true })
  .root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {});

/** The issues of a payload given as JSON text, so that it is what a producer can send. */
function issuesOf(json: string): readonly PayloadIssue[] {
  const result = encode(exactJson(Buffer.from(json), json, JSON.parse(json)).value);
  return 'issues' in result ? result.issues : [];
}

function decode(json: string): unknown {
  const result = encode(exactJson(Buffer.from(json), json, JSON.parse(json)).value);
  const type = reader.lookupType('Payload');
  return 'bytes' in result ? type.toObject(type.decode(result.bytes), { longs: String, bytes: String }) : result;
}

const WRONG_TYPE = 'WRONG_TYPE';
const OUT_OF_RANGE = 'OUT_OF_RANGE';
const TIME_REASON = 'must be a time with a zone as in RFC 3339, such as 2026-11-20T12:30:00.123456Z';
const INT32_RANGE = 'must be from -2147483648 to 2147483647';
const UINT32_RANGE = 'must be from 0 to 4294967295';
const INT64_RANGE = 'must be from -9223372036854775808 to 9223372036854775807';
const UINT64_RANGE = 'must be from 0 to 18446744073709551615';
const BEYOND = 'is beyond 2^53, where JSON numbers lose digits; send it as a string';
const INTEGER_64 = 'must be an integer, as a number or a string';

test.each([
  ['a_string', '1', WRONG_TYPE, 'must be a string'],
  ['a_string', '{}', WRONG_TYPE, 'must be a string'],
  ['a_string', '"\\ud800"', OUT_OF_RANGE, 'must be valid Unicode, without lone surrogates'],
  ['a_string', '"a\\udc00b"', OUT_OF_RANGE, 'must be valid Unicode, without lone surrogates'],
  ['a_bytes', '7', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"A"', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"AAAAA"', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"AA="', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"AAAA="', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"AAA=="', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"A==="', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"A=AA"', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"AA A"', WRONG_TYPE, 'must be a string in base64'],
  ['a_bytes', '"AAAA\\n"', WRONG_TYPE, 'must be a string in base64'],
  ['a_bool', '1', WRONG_TYPE, 'must be true or false'],
  ['a_bool', '"true"', WRONG_TYPE, 'must be true or false'],
  ['a_double', '"1.5"', WRONG_TYPE, 'must be a number, or "NaN", "Infinity" or "-Infinity"'],
  ['a_double', '"infinity"', WRONG_TYPE, 'must be a number, or "NaN", "Infinity" or "-Infinity"'],
  ['a_double', '1e999', OUT_OF_RANGE, 'must be at most 1.7976931348623157e+308 in size'],
  ['a_double', '-1e999', OUT_OF_RANGE, 'must be at most 1.7976931348623157e+308 in size'],
  ['a_float', 'true', WRONG_TYPE, 'must be a number, or "NaN", "Infinity" or "-Infinity"'],
  ['a_float', '3.5e38', OUT_OF_RANGE, 'must be at most 3.4028234663852886e+38 in size'],
  ['a_float', '-1e999', OUT_OF_RANGE, 'must be at most 3.4028234663852886e+38 in size'],
  ['an_int32', '1.5', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '"1.0"', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '"two"', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '""', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '" 1"', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '"0x10"', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '"007"', WRONG_TYPE, 'must be an integer'],
  ['an_int32', 'true', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '[1]', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '1e999', WRONG_TYPE, 'must be an integer'],
  ['an_int32', '2147483648', OUT_OF_RANGE, INT32_RANGE],
  ['an_int32', '"-2147483649"', OUT_OF_RANGE, INT32_RANGE],
  ['a_sint32', '2147483648', OUT_OF_RANGE, INT32_RANGE],
  ['an_sfixed32', '-2147483649', OUT_OF_RANGE, INT32_RANGE],
  ['a_uint32', '-1', OUT_OF_RANGE, UINT32_RANGE],
  ['a_uint32', '4294967296', OUT_OF_RANGE, UINT32_RANGE],
  ['a_fixed32', '-1', OUT_OF_RANGE, UINT32_RANGE],
  ['a_fixed32', '4294967296', OUT_OF_RANGE, UINT32_RANGE],
  ['an_int64', '1.5', WRONG_TYPE, INTEGER_64],
  ['an_int64', '"1.5"', WRONG_TYPE, INTEGER_64],
  ['an_int64', '"-"', WRONG_TYPE, INTEGER_64],
  ['an_int64', 'false', WRONG_TYPE, INTEGER_64],
  ['an_int64', '1e999', WRONG_TYPE, INTEGER_64],
  ['an_int64', '9007199254740992', OUT_OF_RANGE, BEYOND],
  ['an_int64', '9007199254740993', OUT_OF_RANGE, BEYOND],
  ['an_int64', '-9007199254740992', OUT_OF_RANGE, BEYOND],
  ['an_int64', '1e30', OUT_OF_RANGE, BEYOND],
  ['an_int64', '"9223372036854775808"', OUT_OF_RANGE, INT64_RANGE],
  ['an_int64', '"-9223372036854775809"', OUT_OF_RANGE, INT64_RANGE],
  ['an_int64', `"${'9'.repeat(5000)}"`, OUT_OF_RANGE, INT64_RANGE],
  ['an_int64', `"-${'9'.repeat(5000)}"`, OUT_OF_RANGE, INT64_RANGE],
  ['a_sint64', '"9223372036854775808"', OUT_OF_RANGE, INT64_RANGE],
  ['an_sfixed64', '"-9223372036854775809"', OUT_OF_RANGE, INT64_RANGE],
  ['a_uint64', '-1', OUT_OF_RANGE, UINT64_RANGE],
  ['a_uint64', '"-1"', OUT_OF_RANGE, UINT64_RANGE],
  ['a_uint64', '"18446744073709551616"', OUT_OF_RANGE, UINT64_RANGE],
  ['a_uint64', '"100000000000000000000"', OUT_OF_RANGE, UINT64_RANGE],
  ['an_int64', '"-10000000000000000000"', OUT_OF_RANGE, INT64_RANGE],
  ['a_fixed64', '-1', OUT_OF_RANGE, UINT64_RANGE],
  ['a_fixed64', '"18446744073709551616"', OUT_OF_RANGE, UINT64_RANGE],
  ['a_time', '1700000000', WRONG_TYPE, TIME_REASON],
  ['a_time', '"2018-02-07T00:56:19.027"', WRONG_TYPE, TIME_REASON],
  [
    'a_time',
    '"2026-11-20T12:30:00.1234567Z"',
    OUT_OF_RANGE,
    'must not be finer than a microsecond, which is what a table holds',
  ],
  ['color', '"BLUE"', OUT_OF_RANGE, 'must be one of NONE, RED'],
  ['color', '"constructor"', OUT_OF_RANGE, 'must be one of NONE, RED'],
  ['color', '1', OUT_OF_RANGE, 'must be one of NONE, RED'],
  ['color', '"5"', OUT_OF_RANGE, 'must be one of NONE, RED'],
  ['color', 'true', WRONG_TYPE, 'must be one of NONE, RED'],
  ['numbers', '7', WRONG_TYPE, 'must be an array'],
  ['numbers', '{"0": 7}', WRONG_TYPE, 'must be an array'],
  ['by_name', '[]', WRONG_TYPE, 'must be an object'],
  ['items', '[[]]', WRONG_TYPE, 'must be an object with the fields of Payload.Item', 'items[0]'],
  ['numbers', '[1, null]', WRONG_TYPE, 'must be an integer', 'numbers[1]'],
  ['items', '[null]', WRONG_TYPE, 'must be an object with the fields of Payload.Item', 'items[0]'],
  ['times', '[null]', WRONG_TYPE, TIME_REASON, 'times[0]'],
  ['items', '[{"sku": "a"}, {"sku": 7}]', WRONG_TYPE, 'must be a string', 'items[1].sku'],
  ['items', '[{"sku": "a", "part": {"labels": ["x", 1]}}]', WRONG_TYPE, 'must be a string', 'items[0].part.labels[1]'],
  ['items', '[{}]', 'MISSING_FIELD', 'is required', 'items[0].sku'],
  ['items', '[{"sku": null}]', 'MISSING_FIELD', 'is required', 'items[0].sku'],
  [
    'by_name',
    '{"tea": {"sku": "a", "size": 1}}',
    'UNKNOWN_FIELD',
    'is not a field of Payload.Item',
    'by_name.tea.size',
  ],
  ['by_name', '{"tea": null}', WRONG_TYPE, 'must be an object with the fields of Payload.Item', 'by_name.tea'],
  [
    'by_name',
    '{"\\ud800": {"sku": "a"}}',
    OUT_OF_RANGE,
    'must be valid Unicode, without lone surrogates',
    'by_name.\ud800',
  ],
  ['by_int32', '{"1.5": "a"}', WRONG_TYPE, 'must be an integer', 'by_int32.1.5'],
  ['by_int32', '{"2147483648": "a"}', OUT_OF_RANGE, INT32_RANGE, 'by_int32.2147483648'],
  ['by_int32', '{"-0": "a", "0": "b"}', WRONG_TYPE, 'must be an integer', 'by_int32.-0'],
  ['by_uint64', '{"-1": "a"}', OUT_OF_RANGE, UINT64_RANGE, 'by_uint64.-1'],
  ['by_bool', '{"TRUE": "a"}', WRONG_TYPE, 'must be true or false', 'by_bool.TRUE'],
])('compileJsonEncoder: %s refuses %.60s with %s', (name, json, code, reason, path = name) => {
  expect(issuesOf(`{"${name}": ${json}}`)).toEqual([{ code, path, reason }]);
});

test.each([
  ['a_string', '""', ''],
  ['a_string', '"z\\u00fcrich \\ud83d\\ude80 \\u0000"', 'zürich 🚀 \0'],
  ['a_bytes', '""', ''],
  ['a_bytes', '"_-8"', '/+8='],
  ['a_bytes', '"/+8="', '/+8='],
  ['a_bytes', '"_w"', '/w=='],
  ['an_int32', '-2147483648', -2147483648],
  ['an_int32', '"2147483647"', 2147483647],
  ['an_int32', '1e3', 1000],
  ['an_int32', '-0', 0],
  ['a_uint32', '4294967295', 4294967295],
  ['an_int64', '9007199254740991', '9007199254740991'],
  ['an_int64', '-9007199254740991', '-9007199254740991'],
  ['an_int64', '"9007199254740993"', '9007199254740993'],
  ['an_int64', '"-9223372036854775808"', '-9223372036854775808'],
  ['an_int64', '"999999999999999"', '999999999999999'],
  ['an_int64', '"-1000000000000000"', '-1000000000000000'],
  ['a_uint64', '"18446744073709551615"', '18446744073709551615'],
  ['a_double', '"NaN"', Number.NaN],
  ['a_float', '"-Infinity"', Number.NEGATIVE_INFINITY],
  ['a_float', '3.4028234663852886e38', 3.4028234663852886e38],
  ['color', '5', 5],
  ['color', '"RED"', 5],
])('compileJsonEncoder: %s accepts %s, and protobufjs reads it back', (name, json, expected) => {
  expect(decode(`{"${name}": ${json}}`)).toMatchObject({ [name]: expected });
});

test.each(['7', '"text"', 'null', '[]', 'true'])('compileJsonEncoder: the payload %s is no object', (json) => {
  const reason = 'must be an object with the fields of Payload';
  expect(issuesOf(json)).toEqual([{ code: WRONG_TYPE, path: '', reason }]);
});

test('compileJsonEncoder: null and an absent field are the same for whatever is not required', () => {
  expect(decode('{"a_string": null, "items": null, "by_name": null, "payment": null, "card": null}')).toEqual({
    issues: [{ code: 'UNKNOWN_FIELD', path: 'payment', reason: 'is not a field of Payload' }],
  });
  expect(encode({ numbers: [], items: [], by_name: {} })).toEqual(encode({}));
  expect(encode({ a_string: null, items: null, by_name: null, card: null, a_time: undefined })).toEqual(encode({}));
});

test('compileJsonEncoder: a field is accepted under its JSON name as well, and refused under both at once', () => {
  expect(decode('{"aString": "x", "byInt32": {"1": "y"}}')).toEqual({ a_string: 'x', by_int32: { 1: 'y' } });
  expect(issuesOf('{"a_string": "x", "aString": null}')).toEqual([
    { code: 'DUPLICATE_FIELD', path: 'a_string', reason: 'is the same field as aString, send one of the two' },
    { code: 'DUPLICATE_FIELD', path: 'aString', reason: 'is the same field as a_string, send one of the two' },
  ]);
});

test('compileJsonEncoder: names that every object inherits are unknown fields like any other', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  for (const name of names) {
    const reason = 'is not a field of Payload';
    expect(issuesOf(`{"${name}": {"a_string": 1}}`)).toEqual([{ code: 'UNKNOWN_FIELD', path: name, reason }]);
  }
});

test('compileJsonEncoder: a field called like something that every object inherits is required all the same', () => {
  const encodeInherited = compileJsonEncoder(compileProto('v1.proto', SOURCE, 'inherited'));
  expect(encodeInherited({})).toEqual({
    issues: [
      { code: 'MISSING_FIELD', path: 'constructor', reason: 'is required' },
      { code: 'MISSING_FIELD', path: 'toString', reason: 'is required' },
    ],
  });
  expect(encodeInherited({ constructor: 1, toString: 2 })).toEqual({ bytes: Buffer.from([8, 1, 16, 2]) });
});

test('compileJsonEncoder: __proto__ is a key of a map like any other', () => {
  const result = encode(JSON.parse('{"by_name": {"__proto__": {"sku": "a"}}}'));
  const entry = [0x0a, 9, ...Buffer.from('__proto__'), 0x12, 3, 0x0a, 1, 0x61];
  expect(result).toEqual({ bytes: Buffer.from([0xa2, 0x01, entry.length, ...entry]) });
});

test('compileJsonEncoder: at most one member of a oneof may be set; null does not set it', () => {
  expect(issuesOf('{"card": "1", "voucher": null, "swap": {"sku": "a"}}')).toEqual([
    { code: 'ONEOF_CONFLICT', path: '', reason: 'at most one of card, swap may be set' },
  ]);
  expect(decode('{"card": null, "voucher": ""}')).toEqual({ voucher: '' });
});

test('compileJsonEncoder: the members of a message inside a list conflict at the path of that message', () => {
  const source = `syntax = "proto3"; message Outer { repeated Inner inner = 1; }
    message Inner { oneof one { int32 a_1 = 1; int32 b = 2; } }`;
  const result = compileJsonEncoder(compileProto('v1.proto', source, 'outer'))({ inner: [{}, { a1: 1, b: 2 }] });
  const reason = 'at most one of a_1, b may be set';
  expect(result).toEqual({ issues: [{ code: 'ONEOF_CONFLICT', path: 'inner[1]', reason }] });
});

test('compileJsonEncoder: reports everything wrong, in order, up to ISSUES_MAX', () => {
  expect(issuesOf('{"a_bool": 1, "size": 2, "numbers": [1, "x", 1.5]}').map(({ path }) => path)).toEqual([
    'a_bool',
    'size',
    'numbers[1]',
    'numbers[2]',
  ]);
  const many = issuesOf(`{"numbers": [${'"x",'.repeat(1000)}1]}`);
  expect(many).toHaveLength(ISSUES_MAX);
  expect(many.at(-1)?.path).toBe(`numbers[${ISSUES_MAX - 1}]`);
});

test('compileJsonEncoder: an issue quotes no value, and a name from the payload only in part', () => {
  const secret = 'hunter2';
  const name = 'x'.repeat(100_000);
  const issues = issuesOf(`{"an_int32": "${secret}", "a_time": "${secret}", "color": "${secret}", "${name}": 1}`);
  expect(issues).toHaveLength(4);
  expect(JSON.stringify(issues)).not.toContain(secret);
  expect(issues[3]?.path).toBe(`${'x'.repeat(64)}…`);
});

test('compileJsonEncoder: a payload of any depth is refused where the message ends, without walking on', () => {
  const deep = `${'{"part":'.repeat(5000)}1${'}'.repeat(5000)}`;
  const issues = issuesOf(`{"items": [{"sku": "a", "part": ${deep}}]}`);
  const reason = 'is not a field of Payload.Part';
  expect(issues).toEqual([{ code: 'UNKNOWN_FIELD', path: 'items[0].part.part', reason }]);
});

test('compileJsonEncoder: base64 of many megabytes needs no stack', () => {
  const text = 'A'.repeat(8 * 1024 * 1024);
  expect(encode({ a_bytes: text })).toHaveProperty('bytes.length', 6 * 1024 * 1024 + 5);
  expect(encode({ a_bytes: `${text}!` })).toHaveProperty('issues.length', 1);
});

test('compileJsonEncoder: a refused payload leaves nothing behind for the next one, nor does a result change later', () => {
  const first = encode({ a_string: 'first' });
  expect(encode({ a_string: 'second, much longer', items: [{ sku: 1 }] })).toHaveProperty('issues.length', 1);
  expect(first).toEqual({ bytes: Buffer.from([0x0a, 5, ...Buffer.from('first')]) });
  expect(encode({ a_string: 'first' })).toEqual(first);
});

test('compileJsonEncoder: the issues of one payload do not change with the next, whatever happened to it', () => {
  const first = issuesOf('{"a_bool": 1}');
  const thrower = {
    get sku(): string {
      throw new Error('no text');
    },
  };
  expect(() => encode({ items: [thrower] })).toThrow('no text');
  expect(issuesOf('{"numbers": 7}')).toMatchObject([{ path: 'numbers' }]);
  expect(first).toMatchObject([{ path: 'a_bool' }]);
});

test.each([
  ['flight_departed', 'valid-early.json'],
  ['order_created', 'valid-large-customer-id.json'],
  ['order_created', 'valid-smallest.json'],
  ['earthquake_reported', 'valid-unfelt.json'],
])('compileJsonEncoder: %s/%s reads back with protobufjs as it was written', (event, example) => {
  const folder = new URL(`../../../schemas/${event}/`, import.meta.url);
  const source = readFileSync(new URL('v1.proto', folder), 'utf8');
  const payload = JSON.parse(readFileSync(new URL(`examples/${example}`, folder), 'utf8'));
  const message = compileProto('v1.proto', source, event);
  const result = compileJsonEncoder(message)(payload);
  const { root } = protobuf.parse(source, { keepCase: true });
  root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {});
  const type = root.lookupType(message.name);
  const bytes = 'bytes' in result ? result.bytes : Buffer.alloc(0);
  const decoded = type.toObject(type.decode(bytes), { longs: String, enums: String });
  expect(withTimesAsText(decoded)).toEqual(JSON.parse(JSON.stringify(withIntegersAsText(payload, event))));
});

/** protobufjs has no JSON form of a Timestamp. */
function withTimesAsText(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).map(([name, part]) => {
    const time = part as { seconds?: string; nanos?: number };
    if (time.seconds === undefined) {
      return [name, part];
    }
    const micros = String((time.nanos ?? 0) / 1000).padStart(6, '0');
    return [name, `${new Date(Number(time.seconds) * 1000).toISOString().slice(0, 19)}.${micros}Z`];
  });
  return Object.fromEntries(entries);
}

/** The payload as protobufjs writes it: 64-bit integers as text, times with microseconds, null left out. */
function withIntegersAsText(payload: Record<string, unknown>, event: string): unknown {
  const whole = (text: unknown) => `${String(text).slice(0, 19)}.${(String(text).slice(20, -1)).padEnd(6, '0')}Z`;
  const items = payload['items'] as Array<Record<string, unknown>> | undefined;
  switch (event) {
    case 'order_created':
      return {
        ...payload,
        customer_id: String(payload['customer_id']),
        placed_at: whole(payload['placed_at']),
        ...(items ? { items: items.map((item) => ({ ...item, price_cents: String(item['price_cents']) })) } : {}),
      };
    case 'earthquake_reported': {
      const { impact: _, ...rest } = payload;
      return { ...rest, occurred_at: whole(payload['occurred_at']), updated_at: whole(payload['updated_at']) };
    }
    default:
      return payload;
  }
}

test.each([
  ['{"an_int32": 1.00000000000000000001}', 'an_int32'],
  ['{"an_int64": 1.00000000000000000001}', 'an_int64'],
  ['{"an_int64": 9007199254740993}', 'an_int64'],
  ['{"a_uint64": 1e-400}', 'a_uint64'],
  ['{"a_double": 1e400}', 'a_double'],
  ['{"a_float": 340282356779733661637539395458142568448}', 'a_float'],
  ['{"a_string": 12345678901234567890}', 'a_string'],
  ['{"swap": 12345678901234567890}', 'swap'],
  ['{"by_name": 12345678901234567890}', 'by_name'],
])('compileJsonEncoder: refuses %s, which says more than its type holds', (json, path) => {
  expect(issuesOf(json)).toMatchObject([{ path }]);
});

test('compileJsonEncoder: takes long numbers whose value its type holds', () => {
  const json = '{"an_int32": 5.0000000000000000, "an_int64": -7.00000000000000000, "a_double": 0.10000000000000000555}';
  expect(decode(json)).toEqual({ an_int32: 5, an_int64: '-7', a_double: 0.1 });
});
