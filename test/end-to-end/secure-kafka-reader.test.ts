/** The topic reader on an Apache Kafka with TLS and SASL, which `npm run test:kafka` starts. */
import { readFileSync } from 'node:fs';
import { kafkaTopicReader } from '../../pipeline/adapters/kafka-topic-reader.ts';
import { kafkajsClient } from '../local/kafka/clients/kafkajs-client.ts';
import { uniqueName } from '../local/kafka/test-broker.ts';

const {
  HEADRACE_TEST_KAFKA: plaintext = '',
  HEADRACE_TEST_KAFKA_SASL_SSL: brokers = '',
  HEADRACE_TEST_KAFKA_CONFIG: config = '',
} = process.env;
const topic = uniqueName('secure');

beforeAll(async () => {
  const client = await kafkajsClient(plaintext);
  await client.createTopic(topic, 1);
  await client.send(topic, [{ value: 'a' }, { value: 'b' }]);
  await client.close();
});

/** What is read with the properties of the file but for `name`, which has another value or none. */
async function readWith(name: string, value?: string): Promise<readonly string[]> {
  const given = readFileSync(config, 'utf8').split('\n');
  const changed = value === undefined ? [] : [`${name}=${value}`];
  const clientProperties = [...given.filter((line) => !line.startsWith(`${name}=`)), ...changed].join('\n');
  const reader = kafkaTopicReader({ brokers, clientProperties }, 3_000);
  const values: string[] = [];
  try {
    for await (const batch of reader.read(topic, { partition: 0, first: 0, next: 2 })) {
      values.push(...batch.map(({ value }) => Buffer.from(value ?? []).toString()));
    }
  } finally {
    await reader.close();
  }
  return values;
}

test.each(['PLAIN', 'SCRAM-SHA-512'])('kafkaTopicReader: reads over TLS with a login by %s', async (mechanism) => {
  expect(await readWith('sasl.mechanism', mechanism)).toEqual(['a', 'b']);
});

test('kafkaTopicReader: says at once that a login is refused', async () => {
  const refused = (by: string, why: string) => ({
    retryable: false,
    message: expect.stringMatching(new RegExp(`^Cannot sign in to Kafka at [\\d.:]+ by ${by}: ${why}`)),
  });
  await expect(readWith('sasl.password', 'wrong')).rejects.toMatchObject(refused('PLAIN', 'Authentication failed'));
  const off = refused('SCRAM-SHA-256', 'unsupportedSaslMechanism, the broker knows');
  await expect(readWith('sasl.mechanism', 'SCRAM-SHA-256')).rejects.toMatchObject(off);
});

test('kafkaTopicReader: trusts no certificate of nobody', async () => {
  await expect(readWith('ssl.ca.location')).rejects.toThrow('self-signed certificate');
});
