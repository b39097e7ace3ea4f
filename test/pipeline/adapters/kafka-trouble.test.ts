import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { startKafkaBroker } from '../../../local/kafka/broker.ts';
import { PLAINTEXT } from '../../../pipeline/adapters/kafka-connection.ts';
import { kafkaTrouble } from '../../../pipeline/adapters/kafka-trouble.ts';
import { temporaryFolder } from '../../local/fixture-assembly.ts';

const at = (brokers: string, clientProperties = PLAINTEXT) => ({ brokers, clientProperties });

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('kafkaTrouble finds none where one of the brokers answers', async () => {
  const broker = await startKafkaBroker({ dir: temporaryFolder() });
  const nobody = `127.0.0.1:${await freePort()}`;
  expect(await kafkaTrouble(at(broker.bootstrap))).toBeUndefined();
  expect(await kafkaTrouble(at(`${nobody},${broker.bootstrap}`))).toBeUndefined();
  await broker.stop();
});

test('kafkaTrouble says where nobody listens', async () => {
  const brokers = `127.0.0.1:${await freePort()}`;
  expect(await kafkaTrouble(at(brokers))).toBe(`Kafka unreachable at ${brokers}: connect ECONNREFUSED ${brokers}`);
});

test('kafkaTrouble waits no longer than its patience for a login that is not answered', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const brokers = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const login = 'security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=u\nsasl.password=p';
  expect(await kafkaTrouble(at(brokers, login), 50)).toBe(`Kafka unreachable at ${brokers}: no answer in 0.05 seconds`);
  server.close();
  for (const socket of sockets) socket.destroy();
});
