import { backwardBreaks } from '../../../pipeline/contract/compatibility.ts';
import { compileProto } from '../../../pipeline/contract/compile-proto.ts';

const message = (body: string) => compileProto('v.proto', `syntax = "proto3"; message Payload { ${body} }`, 'payload');

const V1 = `int32 count = 1; optional string note = 2; repeated Item items = 3; map<string, int64> totals = 4;
  Kind kind = 5; optional string card = 6; optional string voucher = 7;
  message Item { string sku = 1; optional int32 size = 2; } enum Kind { NONE = 0; GIFT = 1; }`;

/** Version 1 with one piece of text replaced. */
function changed(from: string, to: string): ReturnType<typeof backwardBreaks> {
  const newer = V1.replace(from, to);
  expect(newer).not.toBe(V1);
  return backwardBreaks(message(V1), message(newer));
}

test.each([
  ['nothing', 'Kind kind = 5;', 'Kind kind=5;'],
  ['a new optional field', 'int32 count = 1;', 'int32 count = 1; optional int32 extra = 9;'],
  ['a new repeated field', 'int32 count = 1;', 'int32 count = 1; repeated int32 extra = 9;'],
  ['a new map', 'int32 count = 1;', 'int32 count = 1; map<int32, int32> extra = 9;'],
  ['a new oneof', 'int32 count = 1;', 'int32 count = 1; oneof one { int32 a = 9; int32 b = 10; }'],
  ['a new optional field in a nested message', 'string sku = 1;', 'string sku = 1; optional bool gift = 3;'],
  ['a required field that becomes optional', 'int32 count = 1;', 'optional int32 count = 1;'],
  ['a new enum value', 'GIFT = 1;', 'GIFT = 1; LOAN = 2;'],
  ['another order', 'int32 count = 1; optional string note = 2;', 'optional string note = 2; int32 count = 1;'],
])('backwardBreaks: %s breaks nothing', (_, from, to) => {
  expect(changed(from, to)).toEqual([]);
});

const ADDED = 'is new and required, a new field must be optional, repeated or a map';

test.each([
  ['int32 count = 1;', '', 'count', 'was removed', 'Payload'],
  ['optional int32 size = 2;', '', 'items.size', 'was removed', 'Payload.Item'],
  ['int32 count = 1;', 'int32 count = 1; int32 extra = 9;', 'extra', ADDED, 'Payload.extra'],
  ['string sku = 1;', 'string sku = 1; int32 extra = 9;', 'items.extra', ADDED, 'Payload.Item.extra'],
  [
    'count = 1;',
    'total = 1;',
    'count',
    'is now called total, a name and its number 1 belong together',
    'Payload.total',
  ],
  ['optional string note', 'string note', 'note', 'was optional, is required', 'Payload.note'],
  ['optional string note', 'repeated string note', 'note', 'was optional, is repeated', 'Payload.note'],
  ['int32 count', 'repeated int32 count', 'count', 'was required, is repeated', 'Payload.count'],
  ['repeated Item items', 'map<string, Item> items', 'items', 'was repeated, is map', 'Payload.items'],
  ['int32 count', 'int64 count', 'count', 'changed its type from int32 to int64', 'Payload.count'],
  ['int32 count', 'sint32 count', 'count', 'changed its type from int32 to sint32', 'Payload.count'],
  ['Kind kind', 'int32 kind', 'kind', 'changed its type from enum to int32', 'Payload.kind'],
  ['repeated Item', 'repeated string', 'items', 'changed its type from message to string', 'Payload.items'],
  ['string sku', 'bytes sku', 'items.sku', 'changed its type from string to bytes', 'Payload.Item.sku'],
  [
    'map<string, int64>',
    'map<int32, int64>',
    'totals',
    'changed its type from map<string, int64> to map<int32, int64>',
    'Payload.totals',
  ],
  [
    'map<string, int64>',
    'map<string, int32>',
    'totals',
    'changed its type from map<string, int64> to map<string, int32>',
    'Payload.totals',
  ],
  ['GIFT = 1;', '', 'kind', 'the enum value GIFT = 1 was removed or renumbered', 'Payload.Kind'],
  ['GIFT = 1;', 'GIFT = 2;', 'kind', 'the enum value GIFT = 1 was removed or renumbered', 'Payload.Kind'],
  ['GIFT = 1;', 'PRESENT = 1;', 'kind', 'the enum value GIFT = 1 was removed or renumbered', 'Payload.Kind'],
  ['optional string card = 6;', 'oneof pay { string card = 6; }', 'card', 'moved into oneof pay', 'Payload.card'],
])('backwardBreaks: "%s" as "%s" breaks %s', (from, to, path, reason, declaration) => {
  expect(changed(from, to)).toEqual([{ path, reason, declaration }]);
});

test('backwardBreaks: a number that changes is a removal and an addition', () => {
  expect(changed('count = 1;', 'count = 8;').map(({ reason }) => reason)).toEqual(['was removed', ADDED]);
});

test('backwardBreaks: members of a oneof stay in it or leave it', () => {
  const inside = message('oneof pay { string card = 1; string cash = 2; }');
  const outside = message('optional string card = 1; optional string cash = 2;');
  expect(backwardBreaks(inside, inside)).toEqual([]);
  expect(backwardBreaks(inside, outside)).toEqual([]);
  expect(backwardBreaks(outside, inside)).toHaveLength(2);
});
