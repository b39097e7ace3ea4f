import { gzipSync } from 'node:zlib';
import { Partitioners } from 'kafkajs';
import { unframe } from '../../../pipeline/framing.ts';
import { type IngestPorts, ingest } from '../../../pipeline/ingest/ingest.ts';
import { EVENT_TYPES_MAX, QUEUED_RECORD_BYTES_MAX, RECORDS_MAX } from '../../../pipeline/ingest/limits.ts';
import type { OutgoingRecord, QueueResult } from '../../../pipeline/ports.ts';
import {
  BATCH,
  flightEvent,
  ingestWorld,
  NOW,
  ORDER_VERSION_ID,
  orderContract,
  orderData,
  orderEvent,
  post,
  problemType,
  SINGLE,
} from './order-events.ts';

const LAMBDA_PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;

test('ingest: a single event becomes a framed record with CloudEvents headers and the key of the contract', async () => {
  const world = ingestWorld();
  const { status, answer, counts } = await post(world, SINGLE, orderEvent());
  expect(status).toBe(200);
  expect(answer).toEqual({ partition: expect.any(Number), offset: 0 });
  expect(counts).toEqual({ accepted: { order_created: 1 }, rejected: {} });
  const [record] = world.producer.logs.get(`order_created/${answer.partition}`) ?? [];
  expect(record).toMatchObject({
    topic: 'order_created',
    timestamp: NOW,
    headers: {
      ce_specversion: '1.0',
      ce_id: 'e-1',
      ce_type: 'order_created',
      ce_source: '/shop',
      ce_time: '2026-11-20T11:59:59.123456Z',
      'content-type': 'application/protobuf',
    },
  });
  expect(Buffer.from(record?.key ?? []).toString()).toBe('o-1');
  expect(unframe(record?.value ?? new Uint8Array())).toMatchObject({
    registry: 'glue',
    schemaVersionId: ORDER_VERSION_ID,
  });
});

test('ingest: keyed records go where Kafka’s Java client puts them, and the same key always there', async () => {
  const world = ingestWorld();
  const keys = Array.from({ length: 50 }, (_, index) => `order-${index % 25}-ü`);
  const { answer } = await post(
    world,
    BATCH,
    keys.map((order_id) => orderEvent({ order_id })),
  );
  const partitionMetadata = Array.from({ length: orderContract.topic.partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [],
    isr: [],
  }));
  const choose = Partitioners.DefaultPartitioner();
  const expected = keys.map((key) =>
    choose({ topic: 'order_created', partitionMetadata, message: { key, value: null } }),
  );
  expect(answer.records?.map(({ partition }) => partition)).toEqual(expected);
  expect(new Set(expected).size).toBe(orderContract.topic.partitions);
});

test('ingest: records without a key share one partition, which the draw chooses', async () => {
  for (const [draw, partition] of [
    [0, 0],
    [0.5, 2],
    [0.999_999, 3],
  ] as const) {
    const { answer } = await post({ ...ingestWorld(), random: () => draw }, BATCH, [flightEvent(), flightEvent()]);
    expect(answer.records).toEqual([
      { partition, offset: 0 },
      { partition, offset: 1 },
    ]);
  }
});

test('ingest: good neighbours of bad records are stored, and answers come in the order of the request', async () => {
  const world = ingestWorld();
  const { status, answer, counts } = await post(world, BATCH, [
    orderEvent({
      items: [
        { sku: 'a', quantity: 1, price_cents: 1 },
        { sku: 'b', quantity: 'two', price_cents: 1 },
      ],
    }),
    flightEvent(),
    orderEvent({}, { type: 'nobody_knows' }),
    orderEvent(),
    'not an event',
    orderEvent({ order_id: undefined, colour: 'red' }),
    orderEvent({}, { id: '' }),
  ]);
  expect(status).toBe(207);
  expect(answer).toMatchObject({ accepted: 2, rejected: 5 });
  const codes = answer.records?.map(({ error, offset }) => error?.type?.replace(problemType(''), '') ?? offset);
  expect(codes).toEqual([
    'invalid-payload',
    0,
    'unknown-event',
    0,
    'invalid-event',
    'invalid-payload',
    'invalid-event',
  ]);
  const errors = answer.records?.map(({ error }) => error?.errors?.map(({ code, path }) => `${code} ${path}`));
  expect(errors).toEqual([
    ['WRONG_TYPE data.items[1].quantity'],
    undefined,
    undefined,
    undefined,
    undefined,
    ['UNKNOWN_FIELD data.colour', 'MISSING_FIELD data.order_id'],
    ['MISSING_ATTRIBUTE id'],
  ]);
  expect(counts).toEqual({
    accepted: { flight_departed: 1, order_created: 1 },
    rejected: {
      order_created: { 'invalid-payload': 2 },
      '(unknown)': { 'unknown-event': 1, 'invalid-event': 2 },
    },
  });
});

test('ingest: a batch of which nothing is accepted is a problem, and still lists the error of each record', async () => {
  const { status, headers, answer } = await post(ingestWorld(), BATCH, [
    orderEvent({ customer_id: 'x' }),
    orderEvent({}, { type: 'nobody_knows' }),
  ]);
  expect(status).toBe(422);
  expect(headers['content-type']).toBe('application/problem+json');
  expect(answer).toMatchObject({ type: problemType('invalid-payload'), status: 422, accepted: 0, rejected: 2 });
  expect(answer.detail).toBe(
    'No record was accepted. Record 0: data.customer_id must be an integer, as a number or a string.',
  );
  expect(answer.records?.map(({ error }) => error?.status)).toEqual([422, 404]);
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'ingest: %s is an event and a field like any other that nobody declared',
  async (name) => {
    const field = JSON.parse(
      `{"order_id":"o","customer_id":1,"placed_at":"2026-11-20T12:00:00Z","channel":"WEB","${name}":{"a":1}}`,
    );
    const { answer, counts } = await post(ingestWorld(), BATCH, [
      orderEvent({}, { type: name }),
      orderEvent({}, { data: field }),
      orderEvent(),
    ]);
    expect(answer.records?.[0]?.error?.type).toBe(problemType('unknown-event'));
    expect(answer.records?.[1]?.error?.errors).toMatchObject([{ code: 'UNKNOWN_FIELD', path: `data.${name}` }]);
    expect(counts).toEqual({
      accepted: { order_created: 1 },
      rejected: { '(unknown)': { 'unknown-event': 1 }, order_created: { 'invalid-payload': 1 } },
    });
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  },
);

test('ingest: 10,000 records are taken, and one more refuses the request', async () => {
  const records = Array.from({ length: RECORDS_MAX }, flightEvent);
  const full = await post(ingestWorld(), BATCH, records);
  expect([full.status, full.answer.accepted]).toEqual([200, RECORDS_MAX]);
  const world = ingestWorld();
  const over = await post(world, BATCH, [...records, flightEvent()]);
  expect([over.status, over.answer.type]).toEqual([413, problemType('too-many-records')]);
  expect(world.producer.logs.size).toBe(0);
});

test('ingest: the answer to 10,000 records with ten errors each fits into Lambda’s payload', async () => {
  const wrong = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`${'x'.repeat(60)}${index}`, 1]));
  const events = Array.from({ length: RECORDS_MAX }, () => orderEvent({}, { data: wrong }));
  const { status, answer, text } = await post(ingestWorld(), BATCH, gzipSync(JSON.stringify(events)), {
    'content-encoding': 'gzip',
  });
  expect(status).toBe(422);
  expect(answer.records).toHaveLength(RECORDS_MAX);
  expect(answer.records?.at(-1)?.error?.detail).toContain('data.xxx');
  expect(Buffer.byteLength(JSON.stringify({ body: text }))).toBeLessThan(LAMBDA_PAYLOAD_BYTES_MAX);
});

test('ingest: a batch may name a bounded number of events, because each is looked up', async () => {
  const world = ingestWorld();
  let lookups = 0;
  const catalog = {
    find: async () => {
      lookups++;
      return undefined;
    },
  };
  const events = Array.from({ length: EVENT_TYPES_MAX + 1 }, (_, index) => orderEvent({}, { type: `event_${index}` }));
  const over = await post({ ...world, catalog }, BATCH, events);
  expect([over.status, over.answer.type, lookups]).toEqual([413, problemType('too-many-events'), 0]);
  const full = await post({ ...world, catalog }, BATCH, [...events.slice(1), ...events.slice(1)]);
  expect([full.status, lookups]).toEqual([404, EVENT_TYPES_MAX]);
});

test('ingest: a record of more than 900 kB is refused, its key counted with it', async () => {
  const sku = (bytes: number) => ({ items: [{ sku: 'x'.repeat(bytes), quantity: 1, price_cents: 1 }] });
  const { answer } = await post(ingestWorld(), BATCH, [
    orderEvent(sku(899_000)),
    orderEvent(sku(900_000)),
    orderEvent({ order_id: 'k'.repeat(460_000) }),
  ]);
  expect(answer.records?.map(({ error }) => error?.type)).toEqual([
    undefined,
    problemType('record-too-large'),
    problemType('record-too-large'),
  ]);
});

test('ingest: when Kafka is down every record gets a 503 with Retry-After, and the log the reason', async () => {
  const world = ingestWorld();
  world.producer.broken.add('*');
  const single = await post(world, SINGLE, orderEvent());
  expect([single.status, single.headers['retry-after']]).toEqual([503, '1']);
  expect(single.answer.type).toBe(problemType('kafka-unavailable'));
  expect(single.text).not.toContain('no leader');
  expect(single.faults).toEqual([expect.stringMatching(/^kafka: no leader for order_created\/\d$/)]);
  const batch = await post(world, BATCH, [orderEvent({ order_id: 7 }), flightEvent()]);
  expect([batch.status, batch.headers['retry-after']]).toEqual([503, '1']);
  expect(batch.answer.detail).toMatch(/^No record was accepted. Record 1: Kafka/);
});

test('ingest: when one partition fails the records of the others are acknowledged', async () => {
  const world = ingestWorld();
  world.producer.broken.add('flight_departed/2');
  const { status, answer, counts } = await post(world, BATCH, [flightEvent(), orderEvent(), flightEvent()]);
  expect(status).toBe(207);
  expect(answer.records?.map(({ error }) => error?.status)).toEqual([503, undefined, 503]);
  expect(counts).toEqual({ accepted: { order_created: 1 }, rejected: { flight_departed: { 'kafka-unavailable': 2 } } });
});

test('ingest: when the catalog fails its events get a 503, and events that are known are stored', async () => {
  const world = ingestWorld();
  const catalog: IngestPorts['catalog'] = {
    find: async (event) => {
      if (event === 'order_created') {
        throw new Error('SSM: connection refused');
      }
      return world.catalog.find(event);
    },
  };
  const { status, answer, text, faults } = await post({ ...world, catalog }, BATCH, [orderEvent(), flightEvent()]);
  expect(status).toBe(207);
  expect(answer.records?.[0]?.error).toMatchObject({ type: problemType('catalog-unavailable'), status: 503 });
  expect(answer.records?.[1]).toMatchObject({ offset: 0 });
  expect(text).not.toContain('SSM');
  expect(faults).toEqual(['catalog: SSM: connection refused']);
  const single = await post({ ...world, catalog }, SINGLE, orderEvent());
  expect([single.status, single.headers['retry-after']]).toEqual([503, '1']);
});

test('ingest: an entry without a registry id for its version is a 503, not a crash', async () => {
  const world = ingestWorld();
  const catalog = { find: async () => ({ contract: orderContract, schemaVersionIds: [] }) };
  const { status, faults } = await post({ ...world, catalog }, SINGLE, orderEvent());
  expect(status).toBe(503);
  expect(faults).toHaveLength(1);
});

test('ingest: no answer holds a value of the payload', async () => {
  const secret = 'hunter2-4111111111111111';
  const bodies: unknown[] = [
    [orderEvent({ customer_id: secret, channel: secret, placed_at: secret, items: secret, labels: [secret] })],
    [orderEvent({}, { type: secret }), orderEvent({}, { time: secret }), orderEvent({}, { datacontenttype: secret })],
    `[{"data": "${secret}" oops]`,
    `${secret}`,
    'at position 4111111111111111',
    secret,
  ];
  for (const body of bodies) {
    const { text, status } = await post(ingestWorld(), BATCH, body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/hunter2|4111111111111111/);
  }
});

test('ingest: the event’s own time wins over the attribute, which wins over the clock', async () => {
  const world = ingestWorld();
  const time = '2026-01-01T00:00:00+01:00';
  await post(world, BATCH, [orderEvent({}, { time }), { ...flightEvent(), time }, flightEvent()]);
  const times = [...world.producer.logs].flatMap(([log, records]) =>
    records.map(({ headers }) => `${log[0]} ${headers['ce_time']}`),
  );
  expect(times.sort()).toEqual(
    [`f ${time}`, 'f 2026-11-20T12:00:00.000Z', `o ${(orderData() as { placed_at: string }).placed_at}`].sort(),
  );
});

describe('tracing', () => {
  const trace = (id: string) => `00-${id.repeat(32)}-00f067aa0ba902b7-01`;
  const headersOf = (world: ReturnType<typeof ingestWorld>) =>
    [...world.producer.logs.values()].flat().map(({ headers }) => headers['ce_traceparent']);

  test('ingest: the request’s trace goes with each record that names none of its own, and into the log', async () => {
    const world = ingestWorld();
    const own = { ...flightEvent(), traceparent: trace('b') };
    const body = Buffer.from(JSON.stringify([orderEvent(), own]));
    const headers = { 'content-type': BATCH, traceparent: trace('a') };
    const { status, traced } = await ingest({ headers, body }, world);
    expect(status).toBe(200);
    expect(headersOf(world).sort()).toEqual([trace('a'), trace('b')]);
    expect(traced).toEqual([
      { event: 'order_created', partition: expect.any(Number), offset: 0, traceparent: trace('a') },
      { event: 'flight_departed', partition: expect.any(Number), offset: 0, traceparent: trace('b') },
    ]);
  });

  test.each([
    ['that its caller does not record', `${trace('a').slice(0, -1)}0`],
    ['that cannot be read', 'fish'],
  ])('ingest: a request’s trace %s costs no record a header', async (_, traceparent) => {
    const world = ingestWorld();
    const headers = { 'content-type': SINGLE, traceparent };
    const { status, traced } = await ingest({ headers, body: Buffer.from(JSON.stringify(orderEvent())) }, world);
    expect([status, traced, headersOf(world)]).toEqual([200, [], [undefined]]);
  });
});

/** A queue that keeps what it is given, except records of a topic. */
function memoryQueue(refused?: string) {
  const kept: OutgoingRecord[] = [];
  const put = async (records: readonly OutgoingRecord[]): Promise<QueueResult[]> =>
    records.map((record) => {
      if (record.topic === refused) {
        return { error: new Error('no room') };
      }
      kept.push(record);
      return { queued: true };
    });
  return { kept, put };
}

test('ingest: with Prefer: respond-async records are queued, not produced, and answered with 202', async () => {
  const world = { ...ingestWorld(), queue: memoryQueue() };
  const prefer = { prefer: 'return=minimal, Respond-Async' };
  const single = await post(world, SINGLE, orderEvent(), prefer);
  expect(single).toMatchObject({ status: 202, answer: { queued: true } });
  const batch = await post(world, BATCH, [orderEvent(), flightEvent()], prefer);
  expect(batch).toMatchObject({ status: 202, answer: { accepted: 2, records: [{ queued: true }, { queued: true }] } });
  expect(batch.counts).toEqual({ accepted: { order_created: 1, flight_departed: 1 }, rejected: {} });
  expect(world.queue.kept.map(({ topic }) => topic)).toEqual(['order_created', 'order_created', 'flight_departed']);
  expect(world.producer.logs.size).toBe(0);
});

test('ingest: what the queue does not take is a 503 that does not touch its neighbours', async () => {
  const world = { ...ingestWorld(), queue: memoryQueue('flight_departed') };
  const { status, answer, faults } = await post(world, BATCH, [orderEvent(), flightEvent()], {
    prefer: 'respond-async',
  });
  expect(status).toBe(207);
  expect(answer.records).toEqual([
    { queued: true },
    { error: expect.objectContaining({ type: problemType('queue-unavailable'), status: 503 }) },
  ]);
  expect(faults).toEqual(['queue: no room']);
});

test('ingest: a record that no message of the queue holds is refused, and stored without the preference', async () => {
  const world = { ...ingestWorld(), queue: memoryQueue() };
  const large = orderEvent({ coupon: 'x'.repeat(QUEUED_RECORD_BYTES_MAX) });
  const refused = await post(world, SINGLE, large, { prefer: 'respond-async' });
  expect(refused).toMatchObject({ status: 413, answer: { type: problemType('record-too-large') } });
  expect(refused.counts).toEqual({ accepted: {}, rejected: { order_created: { 'record-too-large': 1 } } });
  expect((await post(world, SINGLE, large)).status).toBe(200);
});

test('ingest: the preference is ignored where there is no queue', async () => {
  expect((await post(ingestWorld(), SINGLE, orderEvent(), { prefer: 'respond-async' })).status).toBe(200);
});

test('ingest: what the event’s warehouse does not hold is refused with its path, and leaves its neighbours', async () => {
  const world = ingestWorld({ warehouse: { target: 'redshift', table: 'orders' } });
  const events = [
    orderEvent({ order_id: 'o'.repeat(65_536) }),
    orderEvent(),
    orderEvent({}, { customattributes: { note: 'a\0b' } }),
    orderEvent({}, { customattributes: '{"a":1,"a":2}' }),
  ];
  const { status, answer } = await post(world, BATCH, events);
  expect(status).toBe(207);
  expect(answer.records?.map(({ error }) => [error?.type, error?.status, error?.errors])).toEqual([
    [
      problemType('invalid-payload'),
      422,
      [
        {
          code: 'OUT_OF_RANGE',
          path: 'data.order_id',
          detail: 'is refused: text of at most 65535 bytes is required, Redshift holds no more',
        },
      ],
    ],
    [undefined, undefined, undefined],
    [
      problemType('invalid-event'),
      422,
      [
        {
          code: 'INVALID_ATTRIBUTE',
          path: 'customattributes',
          detail: 'is refused: text without NUL is required, which Redshift may cut',
        },
      ],
    ],
    [undefined, undefined, undefined],
  ]);
  expect(await post(ingestWorld(), BATCH, events)).toMatchObject({ answer: { accepted: 4 } });
});
