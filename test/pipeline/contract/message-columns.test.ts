import type { ColumnType } from '../../../pipeline/contract/column.ts';
import { compileProto } from '../../../pipeline/contract/compile-proto.ts';
import { messageColumns } from '../../../pipeline/contract/message-columns.ts';

const columns = (body: string) =>
  messageColumns(
    compileProto('v1.proto', `syntax = "proto3"; import "google/protobuf/timestamp.proto"; message P { ${body} }`, 'p'),
  );

const int = (bits: 32 | 64, signed: boolean): ColumnType => ({ kind: 'int', bits, signed });

test.each<[string, ColumnType]>([
  ['double', { kind: 'double' }],
  ['float', { kind: 'float' }],
  ['int32', int(32, true)],
  ['sint32', int(32, true)],
  ['sfixed32', int(32, true)],
  ['uint32', int(32, false)],
  ['fixed32', int(32, false)],
  ['int64', int(64, true)],
  ['sint64', int(64, true)],
  ['sfixed64', int(64, true)],
  ['uint64', int(64, false)],
  ['fixed64', int(64, false)],
  ['bool', { kind: 'boolean' }],
  ['string', { kind: 'string' }],
  ['bytes', { kind: 'bytes' }],
  ['google.protobuf.Timestamp', { kind: 'timestamp', unit: 'micros' }],
])('messageColumns: %s', (type, expected) => {
  expect(columns(`${type} a = 1; optional ${type} b = 2;`)).toEqual([
    { name: 'a', type: expected, nullable: false },
    { name: 'b', type: expected, nullable: true },
  ]);
});

test('messageColumns: nested messages are structs, repeated fields lists, maps maps; members of a oneof are nullable', () => {
  const text = { kind: 'string' };
  const kind = { kind: 'enum' };
  const part = { kind: 'struct', fields: [{ name: 'sku_id', type: text, nullable: false }] };
  const body = `Part one = 1; repeated Part many = 2; map<int32, Part> by_id = 3; repeated Kind kinds = 4;
    oneof x { string y = 6; Part z = 5; } message Part { string sku_id = 1; } enum Kind { A = 0; }`;
  expect(columns(body)).toEqual([
    { name: 'one', type: part, nullable: false },
    {
      name: 'many',
      type: { kind: 'list', element: { name: 'element', type: part, nullable: false } },
      nullable: false,
    },
    {
      name: 'by_id',
      type: {
        kind: 'map',
        key: { name: 'key', type: int(32, true), nullable: false },
        value: { name: 'value', type: part, nullable: false },
      },
      nullable: false,
    },
    {
      name: 'kinds',
      type: { kind: 'list', element: { name: 'element', type: kind, nullable: false } },
      nullable: false,
    },
    { name: 'z', type: part, nullable: true },
    { name: 'y', type: text, nullable: true },
  ]);
});
