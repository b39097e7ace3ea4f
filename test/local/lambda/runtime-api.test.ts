import { once } from 'node:events';
import { connect } from 'node:net';
import { RuntimeApi, type RuntimeClient } from '../../../local/lambda/runtime-api.ts';

const runtimeApi = new RuntimeApi();
const told: string[] = [];
const client: RuntimeClient = {
  onNext: () => told.push('next'),
  onResult: () => told.push('result'),
  onInitError: () => told.push('init error'),
};
let address = '';

beforeAll(async () => {
  await runtimeApi.start();
  address = runtimeApi.register('environment', client);
});
afterAll(() => runtimeApi.close());

test('RuntimeApi outlives an environment that dies in the middle of its result', async () => {
  const [origin = '', id] = address.split('/');
  const socket = connect(Number(origin.split(':')[1]), '127.0.0.1');
  const head = `POST /${id}/2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n`;
  // The interim answer says that the body is being read.
  socket.write(`${head}expect: 100-continue\r\n\r\n`);
  await once(socket, 'data');
  socket.write('half of it');
  socket.destroy();
  await once(socket, 'close');
  expect((await fetch(`http://${origin}/unknown`)).status).toBe(404);
  expect(told).toEqual([]);
});

test('RuntimeApi refuses an error that is not JSON', async () => {
  const response = await fetch(`http://${address}/2018-06-01/runtime/init/error`, { method: 'POST', body: 'no JSON' });
  expect(response.status).toBe(400);
  expect(told).toEqual([]);
});
