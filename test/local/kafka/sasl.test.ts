/** Clients that have to authenticate. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { type KafkaBroker, startKafkaBroker } from '../../../local/kafka/broker.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import { apiVersions, saslAuthenticate, saslHandshake } from '../../../pipeline/kafka/session-apis.ts';
import { metadata } from '../../../pipeline/kafka/topic-apis.ts';
import { RawClient } from './raw-client.ts';

let dir: string;
let broker: KafkaBroker;
let clock = 1_000_000;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kafka-sasl-'));
  const sasl = {
    plain: (username: string, password: string) => username === 'user' && password === 'pass',
    oauthBearer: async (token: string) => token === 'good' && { lifetimeMs: 5000 },
  };
  broker = await startKafkaBroker({ dir, sasl, now: () => clock });
});
afterAll(async () => {
  await broker.stop();
  await rm(dir, { recursive: true });
});

async function listWithKafkajs(sasl: SASLOptions | undefined): Promise<readonly string[]> {
  const retry = { retries: 0 };
  const options = { brokers: [broker.bootstrap], logLevel: logLevel.NOTHING, retry };
  const admin = new Kafka({ ...options, ...(sasl === undefined ? {} : { sasl }) }).admin();
  try {
    await admin.connect();
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

const oauth = (value: string): SASLOptions => ({
  mechanism: 'oauthbearer',
  oauthBearerProvider: async () => ({ value }),
});

test('kafkajs authenticates with PLAIN and OAUTHBEARER, and is refused with wrong credentials or none', async () => {
  expect(await listWithKafkajs({ mechanism: 'plain', username: 'user', password: 'pass' })).toEqual([]);
  expect(await listWithKafkajs(oauth('good'))).toEqual([]);
  await expect(listWithKafkajs({ mechanism: 'plain', username: 'user', password: 'x' })).rejects.toThrow('credentials');
  await expect(listWithKafkajs(oauth('bad'))).rejects.toThrow('credentials');
  await expect(listWithKafkajs(undefined)).rejects.toThrow();
});

test('@platformatic/kafka authenticates with PLAIN and OAUTHBEARER, and is refused with a wrong token', async () => {
  const base = { clientId: 'sasl', bootstrapBrokers: [broker.bootstrap], retries: 0 };
  const plain = new Admin({ ...base, sasl: { mechanism: 'PLAIN', username: 'user', password: 'pass' } });
  expect(await plain.listTopics()).toEqual([]);
  const good = new Admin({ ...base, sasl: { mechanism: 'OAUTHBEARER', token: 'good' } });
  expect(await good.listTopics()).toEqual([]);
  const bad = new Admin({ ...base, sasl: { mechanism: 'OAUTHBEARER', token: 'bad' } });
  await expect(bad.listTopics()).rejects.toThrow();
  await Promise.all([plain, good, bad].map((admin) => admin.close()));
});

test('SaslHandshake names the mechanisms and refuses others', async () => {
  const client = await RawClient.connect(broker.bootstrap);
  const answer = await client.call(saslHandshake, 1, { mechanism: 'GSSAPI' });
  expect(answer).toEqual({ errorCode: errorCode.unsupportedSaslMechanism, mechanisms: ['PLAIN', 'OAUTHBEARER'] });
  client.close();
});

test('SaslAuthenticate without a handshake is refused, and any other API closes the connection', async () => {
  const client = await RawClient.connect(broker.bootstrap);
  await expect(client.call(apiVersions, 3, {})).resolves.toMatchObject({ errorCode: errorCode.none });
  const early = await client.call(saslAuthenticate, 2, { authBytes: Buffer.from('\0user\0pass') });
  expect(early.errorCode).toBe(errorCode.illegalSaslState);
  await expect(client.call(metadata, 9, { topics: [] })).rejects.toThrow('closed');
});

test('a connection whose credential has expired is closed unless it authenticates again', async () => {
  const client = await RawClient.connect(broker.bootstrap);
  const authenticate = async () => {
    await client.call(saslHandshake, 1, { mechanism: 'OAUTHBEARER' });
    const authBytes = Buffer.from('n,,\u0001auth=Bearer good\u0001\u0001');
    expect(await client.call(saslAuthenticate, 2, { authBytes })).toMatchObject({
      errorCode: errorCode.none,
      sessionLifetimeMs: 5000,
    });
  };
  await authenticate();
  clock += 4000;
  await authenticate();
  clock += 4000;
  await expect(client.call(metadata, 9, { topics: [] })).resolves.toBeDefined();
  clock += 4000;
  await expect(client.call(metadata, 9, { topics: [] })).rejects.toThrow('closed');
});
