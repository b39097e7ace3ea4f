import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { kafkaAccess, kafkaConfig, withAbsolutePaths } from '../../../pipeline/adapters/kafka-connection.ts';

const config = (clientProperties: string) => kafkaConfig({ brokers: 'a:9098,b:9098', clientProperties });

test('kafkaConfig: is plaintext without properties', () => {
  expect(config('')).toMatchObject({ brokers: ['a:9098', 'b:9098'] });
  expect(config('# nothing\nsecurity.protocol=PLAINTEXT\n')).not.toHaveProperty('sasl');
  expect(config('')).not.toHaveProperty('ssl');
});

test('kafkaConfig: signs in with IAM over TLS, in the region that the names of MSK brokers tell', async () => {
  const iam = 'security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM';
  const brokers = 'b-1.headrace.a1b2c3.c4.kafka.eu-central-1.amazonaws.com:9098';
  const { ssl, sasl } = kafkaConfig({ brokers, clientProperties: iam });
  expect(ssl).toBe(true);
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  const { value } = await (sasl as { oauthBearerProvider: () => Promise<{ value: string }> }).oauthBearerProvider();
  expect(Buffer.from(value, 'base64url').toString()).toContain('kafka.eu-central-1.amazonaws.com');
  expect(() => config(iam)).toThrow('Cannot sign in with IAM to "a:9098,b:9098": allowed are brokers of MSK');
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

test('kafkaConfig: names a certificate file that cannot be read', () => {
  const properties = 'security.protocol=SSL\nssl.ca.location=/nowhere.pem';
  expect(() => config(properties)).toThrow('Cannot read ssl.ca.location "/nowhere.pem": ');
});

test('kafkaAccess: parses addresses, and refuses what is none', () => {
  const access = (brokers: string) => kafkaAccess({ brokers, clientProperties: '' });
  expect(access('a.b:9098, [::1]:9092')).toEqual({
    brokers: [
      { host: 'a.b', port: 9098 },
      { host: '::1', port: 9092 },
    ],
    tls: undefined,
    login: undefined,
  });
  expect(() => access('a:9092,localhost')).toThrow('Cannot connect to Kafka at "localhost": allowed is host:port');
});

test('withAbsolutePaths: completes the name of the certificate file and leaves every other line', () => {
  const lines = (ca: string) => `# ssl.ca.location=no\n ssl.ca.location : ${ca}\nsasl.password=ca.pem\n`;
  expect(withAbsolutePaths(lines('my certificates/ca.pem'))).toBe(lines(resolve('my certificates/ca.pem')));
  expect(withAbsolutePaths(lines('/etc/ca.pem'))).toBe(lines('/etc/ca.pem'));
  expect(withAbsolutePaths('ssl.ca.location=\nsasl.password=x')).toBe('ssl.ca.location=\nsasl.password=x');
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
