import fc from 'fast-check';
import { compileProto } from '../../../pipeline/contract/compile-proto.ts';
import { arbitraryMessage, renderProto } from './arbitrary-message.ts';

const compile = (body: string) => compileProto('v1.proto', `syntax = "proto3";\n${body}`, 'payload');

test('compileProto: gives back any message that was written as a .proto file', () => {
  const property = fc.property(arbitraryMessage('Payload', 2), (message) => {
    expect(compileProto('v1.proto', renderProto(message), 'payload')).toEqual(message);
  });
  fc.assert(property, { numRuns: 200 });
});

test('compileProto: the result is plain data, the same every time, with fields in the order of their numbers', () => {
  const body = 'message Payload { string b = 9; Kind a = 2; enum Kind { Z = 0; A = 1; } map<bool, bytes> c = 1; }';
  const message = compile(body);
  expect(JSON.stringify(compile(body))).toBe(JSON.stringify(message));
  expect(JSON.parse(JSON.stringify(message))).toEqual({
    name: 'Payload',
    fields: [
      {
        name: 'c',
        jsonName: 'c',
        number: 1,
        cardinality: 'map',
        type: { kind: 'scalar', scalar: 'bytes' },
        mapKey: 'bool',
      },
      {
        name: 'a',
        jsonName: 'a',
        number: 2,
        cardinality: 'required',
        type: { kind: 'enum', enum: { name: 'Payload.Kind', values: { Z: 0, A: 1 } } },
      },
      { name: 'b', jsonName: 'b', number: 9, cardinality: 'required', type: { kind: 'scalar', scalar: 'string' } },
    ],
  });
});

test('compileProto: the payload may stand in a package, beside other messages and a service', () => {
  const body = `package shop.orders; message Other { int32 x = 1; }
    message Payload { Other other = 1; .shop.orders.Other again = 2; }
    service Orders { rpc Get(Other) returns (Payload) { option deprecated = true; } }`;
  const { name, fields } = compile(body);
  expect(name).toBe('shop.orders.Payload');
  expect(fields.map(({ type }) => type.kind === 'message' && type.message.name)).toEqual(
    Array(2).fill('shop.orders.Other'),
  );
});

test.each([
  ['order_created', 'OrderCreated'],
  ['a', 'A'],
  ['page_2_viewed', 'Page2Viewed'],
])('compileProto: the payload of %s is the message %s', (event, name) => {
  const source = `syntax = "proto3"; message ${name} { int32 a = 1; }`;
  expect(compileProto('v1.proto', source, event).name).toBe(name);
});

// The rule of protoc (ToJsonName): underscores go, and the letter after one becomes a capital.
test.each([
  ['order_id', 'orderId'],
  ['a_b_c', 'aBC'],
  ['line_2', 'line2'],
  ['b_2b', 'b2b'],
  ['trailing_', 'trailing'],
  ['two__lines', 'twoLines'],
  ['Already_Upper', 'AlreadyUpper'],
  ['URL', 'URL'],
])('compileProto: %s is %s in JSON', (name, jsonName) => {
  expect(compile(`message Payload { int32 ${name} = 1; }`).fields[0]).toMatchObject({ name, jsonName });
});

test('compileProto: the json_name option is the name in JSON', () => {
  const { fields } = compile('message Payload { int32 a_b = 1 [deprecated = true, json_name = "the-a"]; }');
  expect(fields[0]).toMatchObject({ name: 'a_b', jsonName: 'the-a' });
});

test('compileProto: options with braces in brackets end no message', () => {
  const body =
    'message Payload {\n Sub sub = 1 [(note) = { c: 1 }, b = 2];\n int32 b = 2;\n message Sub { int32 b = 0; } }';
  expect(() => compile(body)).toThrow('v1.proto:5: Payload.Sub.b: number 0');
});

test('compileProto: an option may be called as a field is', () => {
  const { fields } = compile('message Payload { option deprecated = true; bool deprecated = 1; }');
  expect(fields.map(({ name }) => name)).toEqual(['deprecated']);
});

test('compileProto: an enum with allow_alias keeps all names in their order', () => {
  const { fields } = compile(
    'message Payload { E e = 1; enum E { option allow_alias = true; OFF = 0; ON = 1; ENABLED = 1; LOW = -1; } }',
  );
  expect(fields[0]).toMatchObject({ type: { enum: { values: { OFF: 0, ON: 1, ENABLED: 1, LOW: -1 } } } });
});

const ALLOWED_NUMBERS = 'allowed are 1 to 536870911, without 19000 to 19999';
const CLASH = 'names in SQL and JSON must differ in more than case and underscores';
const RESERVED = "names that begin with _ are the pipeline's own";
const IMPORT = 'allowed is google/protobuf/timestamp.proto: a version is one file';

// Line 1 is the syntax, so the text begins on line 2.
test.each([
  ['message Payload {\n int32 a = 1\n int32 b = 2; }', 4, "illegal token 'int32', ';' expected"],
  ['message Payload {\n string a = "', 3, 'illegal string'],
  ['message Payload {\n /* int32 a = 1; }', 3, 'illegal comment'],
  ['message Payload { int32 a = 1; }\ngarbage', 3, "illegal token 'garbage'"],
  ['message Payload {\n required int32 a = 1; }', 3, "illegal token 'required'"],
  ['message Payload {\n map<double, string> a = 1; }', 3, "illegal type 'double'"],
  ['message Payload {\n int32 a = -1; }', 3, "illegal id '-1'"],
  ['message Payload {\n int32 a = 0; }', 3, `Payload.a: number 0: ${ALLOWED_NUMBERS}`],
  ['message Payload {\n int32 a = 19000; }', 3, `Payload.a: number 19000: ${ALLOWED_NUMBERS}`],
  ['message Payload {\n int32 a = 19999; }', 3, `Payload.a: number 19999: ${ALLOWED_NUMBERS}`],
  ['message Payload {\n int32 a = 536870912; }', 3, `Payload.a: number 536870912: ${ALLOWED_NUMBERS}`],
  ['message Payload {\n int32 a = 1;\n int32 b = 1; }', 4, 'duplicate id 1 in Type Payload'],
  ['message Payload {\n int32 a = 1;\n string a = 2; }', 4, 'Payload.a: the name is taken on line 3'],
  [
    'message Payload { int32 a = 1; }\nextend Payload { int32 b = 2; }',
    0,
    'Payload..b: extend is not allowed, a field stands in its message',
  ],
  ['message Payload {\n reserved 5;\n int32 a = 5; }', 4, 'Payload.a: number 5 is reserved'],
  ['message Payload {\n reserved 5 to 7;\n int32 a = 7; }', 4, 'Payload.a: number 7 is reserved'],
  ['message Payload {\n reserved 5 to 7;\n int32 a = 6; }', 4, 'id 6 is reserved in Type Payload'],
  ['message Payload {\n reserved "a";\n int32 a = 5; }', 4, "name 'a' is reserved in Type Payload"],
  ['message Payload {\n int32 a = 1;\n Foo b = 2; }', 4, "no such Type or Enum 'Foo' in Type .Payload"],
  [
    'message Payload {\n int32 a = 1 [default = 5]; }',
    3,
    'Payload.a: proto3 has no default values; use the word optional and leave the field out',
  ],
  [
    'message Payload {\n google.protobuf.Timestamp a = 1; }',
    3,
    "no such Type or Enum 'google.protobuf.Timestamp' in Type .Payload",
  ],
  ['message Payload { int32 a = 1; }\nmessage Payload { int32 b = 1; }', 3, 'Payload: the name is taken on line 2'],
  ['message Payload {\n int32 _a = 1; }', 3, `Payload._a: ${RESERVED}`],
  ['message Payload {\n int32 __proto__ = 1; }', 3, `Payload.__proto__: ${RESERVED}`],
  [
    'message Payload {\n int32 a = 1;\n Sub b = 2;\n message Sub {\n  int32 _a = 1; } }',
    6,
    `Payload.Sub._a: ${RESERVED}`,
  ],
  [
    'message Payload {\n int32 order_id = 1;\n int32 Order_Id = 2; }',
    4,
    `Payload.Order_Id: clashes with order_id, ${CLASH}`,
  ],
  [
    'message Payload {\n int32 order_id = 1;\n int32 orderId = 2; }',
    4,
    `Payload.orderId: clashes with order_id, ${CLASH}`,
  ],
  ['message Payload {\n int32 a = 1;\n int32 b = 2 [json_name = "A"]; }', 4, `Payload.b: clashes with a, ${CLASH}`],
  [
    'message Payload {\n Sub a = 1;\n message Sub {\n  int32 a = 1;\n  int32 A = 2; } }',
    6,
    `Payload.Sub.A: clashes with a, ${CLASH}`,
  ],
  [
    'message Payload {\n Empty a = 1; }\nmessage Empty {}',
    4,
    'Empty: the message has no fields, a table needs a column',
  ],
  ['message Payload { }', 2, 'Payload: the message has no fields, a table needs a column'],
  [
    'message Payload {\n Payload a = 1; }',
    2,
    'Payload: a message cannot contain itself in a table (Payload > Payload)',
  ],
  [
    'message Payload {\n repeated A a = 1; }\nmessage A {\n map<string, B> b = 1; }\nmessage B {\n optional A a = 1; }',
    4,
    'A: a message cannot contain itself in a table (Payload > A > B > A)',
  ],
  [
    'message Payload {\n E e = 1;\n enum E {\n  ONE = 1; } }',
    4,
    'Payload.E: the first value of an enum must be 0, which is what absent means',
  ],
  [
    'message Payload {\n E e = 1;\n enum E {\n  A = 0;\n  B = 4294967296; } }',
    4,
    'Payload.E: the values of an enum must fit 32 bits',
  ],
  ['message Payload {\n E e = 1;\n enum E { A = 0;\n  B = 0; } }', 5, 'duplicate id 0 in Enum E'],
  [
    'message Payload {\n E e = 1;\n enum E { A = 0; }\n enum F { A = 0; } }',
    5,
    'Payload.A: the name is taken on line 4',
  ],
  ['message Other { int32 a = 1; }', 2, 'no message Payload; the payload of payload is the message of that name'],
  [
    'message Other { Payload p = 1; message Payload { int32 a = 1; } }',
    2,
    'no message Payload; the payload of payload is the message of that name',
  ],
  ['enum Payload { A = 0; }', 0, 'no message Payload; the payload of payload is the message of that name'],
  ['\nimport "other.proto";\nmessage Payload { int32 a = 1; }', 3, `cannot import "other.proto", ${IMPORT}`],
  ['import public "other.proto";\nmessage Payload { int32 a = 1; }', 2, `cannot import "other.proto", ${IMPORT}`],
  ['import weak "other.proto";\nmessage Payload { int32 a = 1; }', 2, `cannot import "other.proto", ${IMPORT}`],
  [
    'import "google/protobuf/any.proto";\nmessage Payload { google.protobuf.Any a = 1; }',
    2,
    `cannot import "google/protobuf/any.proto", ${IMPORT}`,
  ],
  ['message Payload {\n int32 a = 1;', 0, 'ends in the middle of a declaration'],
])('compileProto: refuses %j on line %d', (body, line, reason) => {
  const at = line === 0 ? 'v1.proto' : `v1.proto:${line}`;
  expect(() => compile(body)).toThrow(expect.objectContaining({ name: 'ContractError', message: `${at}: ${reason}` }));
});

// The same name before, in a comment, in a string, in another message and in an option.
test('compileProto: the line of a mistake is that of the field it is about, not of another one with its name', () => {
  const body = `// int32 a = 19000;
    message Other {
      int32 a = 1;
      option (note) = "a = 19000";
    }
    message Payload {
      Sub sub = 1 [(a) = 2, (note) = { a: 1; b: 2 }];
      message Sub {
        option (custom) = { a: 1 };
        oneof choice {
          int32 a = 19000;
        }
      }
    }`;
  expect(() => compile(body)).toThrow('v1.proto:12: Payload.Sub.a: number 19000');
});

test.each([
  'syntax = "proto2"; message Payload { optional int32 a = 1; }',
  'edition = "2023"; message Payload { int32 a = 1; }',
  'message Payload { int32 a = 1; }',
  '/*\nsyntax = "proto3";\n*/\nsyntax = "proto2"; message Payload { required int32 a = 1; }',
  'message Payload { int32 a = 1; }\nsyntax = "proto3";',
  '',
])('compileProto: refuses %j, which is not proto3', (source) => {
  const reason = 'v1.proto:1: the first statement must be syntax = "proto3";';
  expect(() => compileProto('v1.proto', source, 'payload')).toThrow(reason);
});

test('compileProto: comments may stand before the syntax', () => {
  const source = "// Orders.\n/* v1\n */ syntax = 'proto3' ;\nmessage Payload { int32 a = 1; }";
  expect(compileProto('v1.proto', source, 'payload').fields).toHaveLength(1);
});

test('compileProto: the imported Timestamp is no payload', () => {
  const source = 'syntax = "proto3"; import "google/protobuf/timestamp.proto"; message A { int32 a = 1; }';
  expect(() => compileProto('v1.proto', source, 'timestamp')).toThrow('no message Timestamp');
});

test('compileProto: a message that is cut off anywhere is a ContractError, never a crash', () => {
  const source =
    'syntax = "proto3"; /* x */ message Payload { map<string, bytes> a = 1 [json_name = "b"]; reserved 5 to 7; }';
  for (let end = 0; end < source.length; end++) {
    const cut = () => compileProto('v1.proto', source.slice(0, end), 'payload');
    expect(cut).toThrow(expect.objectContaining({ name: 'ContractError' }));
  }
});
