import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { HttpApi } from '../../../local/http-api/http-api.ts';
import { LambdaFunction } from '../../../local/lambda/lambda-function.ts';
import { RuntimeApi } from '../../../local/lambda/runtime-api.ts';
import { temporaryFolder } from '../fixture-assembly.ts';

/** Answers with what the body says, or with the event itself. */
const HANDLER = `
  export const handler = async (event) => {
    const orders = event.headers['x-order'] ? JSON.parse(event.headers['x-order']) : {};
    if (orders.throw) throw new Error('as ordered');
    if (orders.hang) await new Promise(() => setInterval(() => {}, 9));
    return 'result' in orders ? orders.result : event;
  };`;

const runtimeApi = new RuntimeApi();
const api = new HttpApi('testapi');
let target: LambdaFunction;
let origin: string;

beforeAll(async () => {
  await runtimeApi.start();
  const codeDir = temporaryFolder();
  mkdirSync(codeDir, { recursive: true });
  writeFileSync(join(codeDir, 'index.mjs'), HANDLER);
  const environment = { _HANDLER: 'index.handler', LAMBDA_TASK_ROOT: codeDir };
  const sizes = { timeoutSeconds: 2, memoryMegabytes: 256, concurrency: 1 };
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
  const logFile = join(codeDir, 'f.log');
  const temporaryDir = temporaryFolder();
  target = new LambdaFunction(
    { name: 'f', arn, codeDir, environment, logFile, temporaryDir, ...sizes },
    runtimeApi,
    () => {},
  );
  api.integrations.set('i', { function: target, timeoutMs: 30_000 });
  api.integrations.set('impatient', { function: target, timeoutMs: 300 });
  api.routes.push({ routeKey: 'POST /v1/events', integrationId: 'i' });
  api.routes.push({ routeKey: 'GET /topics/{event}', integrationId: 'i' });
  api.routes.push({ routeKey: 'GET /impatient', integrationId: 'impatient' });
  origin = await api.start(0);
});
afterAll(async () => {
  await api.close();
  await target.stop();
  await runtimeApi.close();
});

async function echo(path: string, init?: RequestInit): Promise<APIGatewayProxyEventV2> {
  const response = await fetch(origin + path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as APIGatewayProxyEventV2;
}
const order = (orders: object) => fetch(`${origin}/topics/x`, { headers: { 'x-order': JSON.stringify(orders) } });

test('HttpApi hands a request to the function in payload format 2.0', async () => {
  const event = await echo('/topics/order%20created?a=1&b=x%20y&a=2', {
    headers: { 'X-Custom': 'Value', cookie: 'one=1; two=2' },
  });
  expect(event).toMatchObject({
    version: '2.0',
    routeKey: 'GET /topics/{event}',
    rawPath: '/topics/order created',
    rawQueryString: 'a=1&b=x%20y&a=2',
    queryStringParameters: { a: '1,2', b: 'x y' },
    pathParameters: { event: 'order created' },
    cookies: ['one=1', 'two=2'],
    headers: { 'x-custom': 'Value' },
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'testapi',
      http: { method: 'GET', path: '/topics/order created', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      routeKey: 'GET /topics/{event}',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      timeEpoch: expect.any(Number),
      requestId: expect.any(String),
    },
  });
  expect(event.headers).not.toHaveProperty('cookie');
  expect(event).not.toHaveProperty('body');
});

test.each(['application/json', 'text/plain; charset=utf-8', 'application/cloudevents+json'])(
  'HttpApi passes a body of type %s as text',
  async (type) => {
    const event = await echo('/v1/events', { method: 'POST', headers: { 'content-type': type }, body: '{"a":"é"}' });
    expect([event.body, event.isBase64Encoded]).toEqual(['{"a":"é"}', false]);
  },
);

test('HttpApi passes binary, compressed and malformed text bodies in base64', async () => {
  const post = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
    echo('/v1/events', { method: 'POST', headers, body });
  const binary = await post(Buffer.from([0, 255, 3]), { 'content-type': 'application/octet-stream' });
  expect([binary.body, binary.isBase64Encoded]).toEqual(['AP8D', true]);
  const zipped = await post(gzipSync('{"a":1}'), { 'content-type': 'application/json', 'content-encoding': 'gzip' });
  expect(zipped.isBase64Encoded).toBe(true);
  expect(String(gunzipSync(Buffer.from(zipped.body ?? '', 'base64')))).toBe('{"a":1}');
  const malformed = await post(Buffer.from([0x22, 0xff]), { 'content-type': 'application/json' });
  expect([malformed.body, malformed.isBase64Encoded]).toEqual(['Iv8=', true]);
});

test('HttpApi gives the status, headers, cookies and body of a structured result', async () => {
  const result = {
    statusCode: 429,
    headers: { 'Retry-After': 7 },
    cookies: ['a=1', 'b=2'],
    body: 'slow',
    isBase64Encoded: false,
  };
  const response = await order({ result });
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('7');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.text()).toBe('slow');
});

test('HttpApi decodes a base64 body and gives 200 with JSON to a result without a status', async () => {
  const decoded = await order({ result: { statusCode: 200, body: 'AP8=', isBase64Encoded: true } });
  expect([...new Uint8Array(await decoded.arrayBuffer())]).toEqual([0, 255]);
  const plain = await order({ result: { any: 'thing' } });
  expect([plain.status, plain.headers.get('content-type'), await plain.json()]).toEqual([
    200,
    'application/json',
    { any: 'thing' },
  ]);
  const empty = await order({ result: { statusCode: 204 } });
  expect([empty.status, await empty.text()]).toEqual([204, '']);
});

test.each([
  ['throws', { throw: true }, 500, 'Internal Server Error'],
  ['answers with no status', { result: { statusCode: 'fine' } }, 500, 'Internal Server Error'],
  ['answers with no header', { result: { statusCode: 200, headers: { a: 'b\nc' } } }, 500, 'Internal Server Error'],
  ['takes longer than its timeout', { hang: true }, 503, 'Service Unavailable'],
])('HttpApi answers itself when the function %s', async (_, orders, status, message) => {
  const response = await order(orders);
  expect([response.status, await response.json()]).toEqual([status, { message }]);
});

test('HttpApi does not wait longer than the integration allows', async () => {
  const response = await fetch(`${origin}/impatient`, { headers: { 'x-order': '{"hang":true}' } });
  expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
});

test('HttpApi answers 404 to what no route takes', async () => {
  const requests = [
    { method: 'GET', path: '/v1/events' },
    { method: 'POST', path: '/' },
    { method: 'GET', path: '/topics' },
  ];
  for (const { method, path } of requests) {
    const response = await fetch(`${origin}${path}`, { method });
    expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
  }
});

test.each([
  ['over its own 10 MB', 10 * 1024 * 1024 + 1],
  ['over the 6 MB of an event', 7 * 1024 * 1024],
])('HttpApi answers 413 to a body %s', async (_, bytes) => {
  const response = await fetch(`${origin}/v1/events`, { method: 'POST', body: 'x'.repeat(bytes) });
  expect([response.status, await response.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
});
