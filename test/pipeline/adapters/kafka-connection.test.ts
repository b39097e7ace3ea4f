import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaConfig } from '../../../pipeline/adapters/kafka-connection.ts';

const config = (clientProperties: string) => kafkaConfig({ brokers: 'a:9098,b:9098', clientProperties }, 'us-east-1');

test('kafkaConfig: is plaintext without properties', () => {
  expect(config('')).toMatchObject({ brokers: ['a:9098', 'b:9098'] });
  expect(config('# nothing\nsecurity.protocol=PLAINTEXT\n')).not.toHaveProperty('sasl');
  expect(config('')).not.toHaveProperty('ssl');
});

test('kafkaConfig: signs in with IAM over TLS', () => {
  expect(config('security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM')).toMatchObject({
    ssl: true,
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: expect.any(Function) },
  });
});

test.each([
  ['PLAIN', 'plain'],
  ['SCRAM-SHA-256', 'scram-sha-256'],
  ['SCRAM-SHA-512', 'scram-sha-512'],
])('kafkaConfig: reads the login of %s from sasl.jaas.config, as Kafka’s own files have it', (mechanism, expected) => {
  const jaas = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="ann" password="p=1";';
  const properties = `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=${mechanism}\nsasl.jaas.config=${jaas}`;
  expect(config(properties)).toMatchObject({ sasl: { mechanism: expected, username: 'ann', password: 'p=1' } });
  expect(config(properties)).not.toHaveProperty('ssl');
});

test('kafkaConfig: reads a login and an authority in librdkafka’s words', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-ca-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, 'PEM');
  const login = 'sasl.mechanism=PLAIN\nsasl.username=ann\nsasl.password=secret';
  expect(config(`security.protocol=SASL_SSL\n${login}\nssl.ca.location=${ca}`)).toMatchObject({
    ssl: { ca: 'PEM' },
    sasl: { mechanism: 'plain', username: 'ann', password: 'secret' },
  });
  rmSync(folder, { recursive: true });
});

test.each([
  ['security.protocol=TLS', 'security.protocol "TLS": allowed are PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL'],
  ['security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI', 'sasl.mechanism "GSSAPI": allowed are AWS_MSK_IAM, PLAIN'],
  ['security.protocol=SASL_SSL\nsasl.mechanism=PLAIN', 'SASL needs sasl.mechanism, sasl.username and sasl.password'],
  ['ssl.keystore.location=x', 'the property "ssl.keystore.location": allowed are security.protocol'],
  ['hunter2', 'a line without "="'],
])('kafkaConfig: refuses "%s" and says what is allowed', (properties, message) => {
  expect(() => config(properties)).toThrow(message);
});
