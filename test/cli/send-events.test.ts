import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { DataSet } from '../../cli/demo/data-set.ts';
import { sendEvents } from '../../cli/demo/send-events.ts';

const set: DataSet = {
  event: 'order_created',
  source: '/test',
  size: 2_500,
  eventAt: (index) => ({ id: `e-${index}`, data: { index } }),
  checks: [],
};

let server: Server;
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

/** An API whose answers the test decides; it gets each batch and how many requests came before. */
async function api(answer: (ids: string[], request: number) => { status: number; body: object }): Promise<string> {
  let requests = 0;
  server = createServer(async (request, response) => {
    const events = (await json(request)) as Array<{ id: string }>;
    const { status, body } = answer(
      events.map(({ id }) => id),
      requests++,
    );
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const stored = (ids: string[]): object => ({
  records: ids.map((id) => ({ partition: 1, offset: Number(id.slice(2)) })),
});

test('sendEvents sends every event once and keeps the acknowledged offsets', async () => {
  const url = await api((ids) => ({ status: 200, body: stored(ids) }));
  const progress: number[] = [];
  const sent = await sendEvents(url, set, (answered) => progress.push(answered));
  expect(sent).toMatchObject({ accepted: 2_500, rejected: 0, refusals: [] });
  expect(sent.offsets.get(1)?.toSorted((a, b) => a - b)).toEqual(Array.from({ length: set.size }, (_, index) => index));
  expect(progress.at(-1)).toBe(2_500);
});

test('sendEvents sends a batch again after 503', async () => {
  const url = await api((ids, request) =>
    request === 0 ? { status: 503, body: {} } : { status: 200, body: stored(ids) },
  );
  expect(await sendEvents(url, set, () => undefined)).toMatchObject({ accepted: 2_500, rejected: 0 });
});

test('sendEvents sends the records of a batch again that could not be stored, and only those', async () => {
  const unavailable = { error: { status: 503, detail: 'Kafka did not acknowledge the record.' } };
  const sizes: number[] = [];
  const url = await api((ids, request) => {
    sizes.push(ids.length);
    const { records } = stored(ids) as { records: object[] };
    return { status: 207, body: { records: request === 0 ? [unavailable, ...records.slice(1)] : records } };
  });
  expect(await sendEvents(url, set, () => undefined)).toMatchObject({ accepted: 2_500, rejected: 0 });
  expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 500, 1_000, 1_000]);
});

test('sendEvents counts refused records and keeps the first reasons', async () => {
  const refusal = { error: { status: 422, detail: 'data.index is unknown.' } };
  const url = await api((ids) => ({
    status: 207,
    body: { records: ids.map((_, at) => (at === 0 ? refusal : { partition: 0, offset: at })) },
  }));
  const sent = await sendEvents(url, set, () => undefined);
  expect(sent).toMatchObject({ accepted: 2_497, rejected: 3 });
  expect(sent.refusals[0]).toBe('data.index is unknown.');
});

test('sendEvents throws with the status when the API refuses a batch whole', async () => {
  const url = await api(() => ({ status: 415, body: { title: 'no' } }));
  await expect(sendEvents(url, set, () => undefined)).rejects.toThrow(/answered 415/);
});
