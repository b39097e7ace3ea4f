import { type EventResult, readEvents } from '../../../pipeline/ingest/cloud-events.ts';

const SINGLE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const EVENT = { specversion: '1.0', id: 'e-1', source: '/shop', type: 'order_created', data: { a: 1 } };
const BINARY = { 'ce-specversion': '1.0', 'ce-id': 'e-1', 'ce-source': '/shop', 'ce-type': 'order_created' };

function read(contentType: string | undefined, body: string | Uint8Array, headers: Record<string, string> = {}) {
  return readEvents({ headers: { 'content-type': contentType, ...headers }, body: Buffer.from(body) });
}

/** The code of the request's problem, or each event's. */
function codes(result: ReturnType<typeof readEvents>): string | Array<string | undefined> {
  const code = (type: string) => type.replace('urn:headrace:problem:', '');
  return 'problem' in result
    ? code(result.problem.type)
    : result.events.map((one) => ('problem' in one ? code(one.problem.type) : undefined));
}

function only(result: ReturnType<typeof readEvents>): EventResult {
  if ('problem' in result || result.events.length !== 1) {
    throw new Error(`expected one event, got ${JSON.stringify(result)}`);
  }
  return result.events[0] as EventResult;
}

const single = (changes: object): EventResult => only(read(SINGLE, JSON.stringify({ ...EVENT, ...changes })));
const errorsOf = (result: EventResult): string[] =>
  'problem' in result ? (result.problem.errors ?? []).map(({ code, path }) => `${code} ${path}`) : [];

test('readEvents: reads structured, batched and binary mode, whatever the parameters and case of the content type', () => {
  const event = { id: 'e-1', source: '/shop', type: 'order_created', data: { a: 1 }, carried: {} };
  expect(read(`${SINGLE}; charset=UTF-8`, JSON.stringify(EVENT))).toEqual({ batch: false, events: [{ event }] });
  expect(read('Application/CloudEvents-Batch+JSON', JSON.stringify([EVENT]))).toEqual({
    batch: true,
    events: [{ event }],
  });
  expect(read('application/json', '{"a":1}', BINARY)).toEqual({ batch: false, events: [{ event }] });
});

test('readEvents: refuses other content types and none', () => {
  for (const contentType of ['text/plain', 'application/xml', 'application/cloudevents+avro', '', undefined]) {
    expect(codes(read(contentType, '{}'))).toBe('unsupported-media-type');
  }
});

test.each([
  ['nothing', ''],
  ['cut JSON', '[{"specversion":'],
  ['NaN', '[{"data":{"value":NaN}}]'],
  ['a trailing comma', '[1,]'],
  ['single quotes', "[{'a':1}]"],
  ['UTF-16', Buffer.from('[]', 'utf16le')],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
  ['a batch that is no array', '{}'],
  ['null', 'null'],
])('readEvents: refuses a body of %s as malformed', (_, body) => {
  expect(codes(read(BATCH, body))).toBe('malformed-body');
});

test('readEvents: says where JSON breaks, without quoting it', () => {
  const result = read(BATCH, '[{"secret": "hunter2" "oops"}]');
  const detail = 'problem' in result ? result.problem.detail : '';
  expect(detail).toBe('The body is not JSON, at position 22 (line 1 column 23).');
});

test('readEvents: takes a byte order mark', () => {
  const body = `\ufeff{"specversion":"1.0","id":"a","source":"/s","type":"t","data":1}`;
  expect(only(read(SINGLE, body))).toMatchObject({ event: { id: 'a' } });
});

test.each([
  ['an attribute', '"id":"b","data":1', 'id'],
  ['the data', '"data":1,"data":1', 'data'],
  ['a name in the custom attributes', '"data":1,"customattributes":{"a":{"b":1,"b":2}}', 'customattributes'],
])('readEvents: refuses an event with %s twice', (_, more, path) => {
  const body = `{"specversion":"1.0","id":"a","source":"/s","type":"t",${more}}`;
  expect(only(read(SINGLE, body))).toMatchObject({
    problem: { type: 'urn:headrace:problem:invalid-event', errors: [{ code: 'DUPLICATE_ATTRIBUTE', path }] },
  });
});

test('readEvents: custom attributes keep all digits of their numbers', () => {
  const body = `{"specversion":"1.0","id":"a","source":"/s","type":"t","data":1,"customattributes":{"n":9007199254740993}}`;
  expect(only(read(SINGLE, body))).toMatchObject({ event: { customAttributes: '{"n":9007199254740993}' } });
});

test('readEvents: refuses text nested deeper than the stack where its numbers are long', () => {
  const depth = 200_000;
  const body = `[${'['.repeat(depth)}12345678901234567890${']'.repeat(depth)}]`;
  expect(codes(read(BATCH, body))).toBe('malformed-body');
});

test('readEvents: refuses an empty batch', () => {
  expect(codes(read(BATCH, '[]'))).toBe('empty-batch');
});

test('readEvents: refuses in a batch what is no event, and no more', () => {
  const body = JSON.stringify([null, 1, 'text', [], {}, EVENT]);
  const bad = 'invalid-event';
  expect(codes(read(BATCH, body))).toEqual([bad, bad, bad, bad, bad, undefined]);
});

test('readEvents: names every attribute that is wrong', () => {
  const wrong = single({ specversion: '0.3', id: 7, source: '', type: undefined, time: '2026-11-20', colour: 'red' });
  expect(errorsOf(wrong)).toEqual([
    'INVALID_ATTRIBUTE specversion',
    'MISSING_ATTRIBUTE id',
    'MISSING_ATTRIBUTE source',
    'MISSING_ATTRIBUTE type',
    'UNKNOWN_ATTRIBUTE colour',
    'INVALID_ATTRIBUTE time',
  ]);
});

test('readEvents: an attribute that is null is absent, and so is data', () => {
  expect(single({ time: null, customattributes: null })).toMatchObject({ event: { id: 'e-1' } });
  expect(errorsOf(single({ data: null }))).toEqual(['MISSING_ATTRIBUTE data']);
});

test('readEvents: data may be JSON with parameters in its content type, and nothing else', () => {
  expect(single({ datacontenttype: 'application/json; charset=utf-8' })).toHaveProperty('event');
  expect(errorsOf(single({ datacontenttype: 'text/plain' }))).toEqual(['INVALID_ATTRIBUTE datacontenttype']);
  expect(errorsOf(single({ data: undefined, data_base64: 'AAAA' }))).toEqual([
    'UNKNOWN_ATTRIBUTE data_base64',
    'MISSING_ATTRIBUTE data',
  ]);
  expect(single({ data: undefined, data_base64: 'AAAA' })).toMatchObject({
    problem: { errors: [{ path: 'data_base64', detail: 'is not taken; send the payload as JSON in data' }, {}] },
  });
});

test.each([
  ['too long', 'x'.repeat(1025)],
  ['too long in UTF-8', 'ü'.repeat(513)],
  ['half of a surrogate pair', 'a\ud800'],
  ['a control character', 'a\u0000b'],
  ['a line break', 'a\r\nb'],
])('readEvents: refuses an id that is %s', (_, id) => {
  expect(errorsOf(single({ id }))).toEqual(['INVALID_ATTRIBUTE id']);
});

test('readEvents: takes text outside of ASCII', () => {
  expect(single({ id: 'größe 😀' })).toMatchObject({ event: { id: 'größe 😀' } });
});

test('readEvents: customattributes are a JSON object, or one as text', () => {
  expect(single({ customattributes: { a: [1, { b: null }] } })).toMatchObject({
    event: { customAttributes: '{"a":[1,{"b":null}]}' },
  });
  expect(single({ customattributes: '{"a": 9007199254740993}' })).toMatchObject({
    event: { customAttributes: '{"a": 9007199254740993}' },
  });
  for (const customattributes of [
    '[]',
    '1',
    'null',
    'not json',
    7,
    [],
    true,
    { a: 'x'.repeat(16_400) },
    '{"a":"\ud800"}',
  ]) {
    expect(errorsOf(single({ customattributes }))).toEqual(['INVALID_ATTRIBUTE customattributes']);
  }
});

test('readEvents: nesting of any depth is no way to crash', () => {
  const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
  const event = (rest: string) => `{"specversion":"1.0","id":"a","source":"/s","type":"t",${rest}}`;
  expect(codes(read(SINGLE, event(`"data":1,"customattributes":{"a":${deep}}`)))).toEqual(['invalid-event']);
  expect(codes(read(SINGLE, event(`"data":${deep}`)))).toEqual([undefined]);
  expect(codes(read(SINGLE, '['.repeat(1_000_000)))).toBe('malformed-body');
});

test('readEvents: binary mode decodes percent-encoding and quoted strings, and leaves a stray percent sign', () => {
  const headers = { ...BINARY, 'ce-id': 'gr%C3%B6%C3%9Fe%20%22x%22', 'ce-source': '"/shop \\"a\\""' };
  expect(only(read('application/json', '1', headers))).toMatchObject({
    event: { id: 'größe "x"', source: '/shop "a"', data: 1 },
  });
  expect(only(read('application/json', '1', { ...BINARY, 'ce-id': '100%' }))).toMatchObject({ event: { id: '100%' } });
});

test('readEvents: in binary mode the payload is the body, whatever headers say', () => {
  const headers = { ...BINARY, 'ce-data': '{"a":2}', 'ce-customattributes': '{"b":1}' };
  expect(only(read('application/json', '{"a":1}', headers))).toMatchObject({
    event: { data: { a: 1 }, customAttributes: '{"b":1}' },
  });
  expect(errorsOf(only(read('application/json', '1', { ...BINARY, 'ce-__proto__': 'x', 'ce-colour': 'red' })))).toEqual(
    ['UNKNOWN_ATTRIBUTE __proto__', 'UNKNOWN_ATTRIBUTE colour'],
  );
});

test('readEvents: takes binary mode without a content type as JSON, which is how an SDK sends an event without one', () => {
  const result = readEvents({ headers: BINARY, body: Buffer.from('{"a":1}') });
  expect(only(result)).toMatchObject({ event: { id: 'e-1', data: { a: 1 } } });
});

test('readEvents: carries subject, dataschema and the trace context, and refuses them when they are not text', () => {
  const carried = { subject: 'o-1', dataschema: '/v1', traceparent: '00-ab-cd-01', tracestate: 'a=1' };
  expect(single(carried)).toMatchObject({ event: { carried } });
  expect(errorsOf(single({ subject: 5 }))).toEqual(['INVALID_ATTRIBUTE subject']);
});

test('readEvents: refuses free data with half of a surrogate pair, which a warehouse would refuse with its whole file', () => {
  for (const customattributes of [{ a: '\ud800' }, '{"a":"\\ud800"}', '{"\\udfff":1}']) {
    expect(errorsOf(single({ customattributes }))).toEqual(['INVALID_ATTRIBUTE customattributes']);
  }
  expect(single({ customattributes: '{"a":"\\ud83d\\ude00"}' })).toHaveProperty('event');
});

test('readEvents: lists ten mistakes at the most, with short names', () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`${'x'.repeat(500)}${index}`, 1]));
  const errors = errorsOf(single(many));
  expect(errors).toHaveLength(10);
  expect(errors[0]).toBe(`UNKNOWN_ATTRIBUTE ${'x'.repeat(64)}`);
});
