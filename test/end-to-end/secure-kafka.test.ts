/** `headrace start` on an Apache Kafka with TLS and SASL, which `npm run test:kafka` starts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { column, removeFolder, run, startHost, synthesize, temporaryFolder, until } from './running-host.ts';

const { HEADRACE_TEST_KAFKA_SASL_SSL: brokers = '', HEADRACE_TEST_KAFKA_CONFIG: config = '' } = process.env;
const folder = temporaryFolder();
const assembly = join(folder, 'cdk.out');
let properties: readonly string[];

beforeAll(async () => {
  properties = readFileSync(config, 'utf8').trim().split('\n');
  await synthesize(assembly);
}, 120_000);

afterAll(() => removeFolder(folder));

/** The options for the Kafka with other values of properties; an empty one leaves its property away. */
function kafkaOptions(name: string, changes: readonly string[]): string[] {
  const changed = new Set(changes.map(nameOf));
  const lines = [...properties.filter((line) => !changed.has(nameOf(line))), ...changes];
  const file = join(folder, name);
  writeFileSync(file, lines.filter((line) => !line.endsWith('=')).join('\n'));
  return ['--brokers', brokers, '--kafka-config', file];
}

const nameOf = (property: string): string | undefined => property.split('=')[0];

test.each(['PLAIN', 'SCRAM-SHA-512'])(
  'an event becomes a row over TLS with a login by %s',
  async (mechanism) => {
    // Functions run in folders of their own: the name of the certificate, which starts from ours, must reach them whole.
    const certificate = relative('', join(dirname(config), 'certificate.pem'));
    const kafka = kafkaOptions(mechanism, [`sasl.mechanism=${mechanism}`, `ssl.ca.location=${certificate}`]);
    const host = await startHost(assembly, join(folder, `data-${mechanism}`), kafka);
    try {
      expect(host.kafkaBrokers).toBe(brokers);
      const id = `${mechanism}-${Date.now()}`;
      const { status } = await fetch(host.ingestUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify(order(id)),
      });
      expect(status).toBe(200);
      await until(async () => (await column(host, `SELECT order_id FROM order_created WHERE _id = '${id}'`))[0] === id);
      expect(await host.interrupt()).toBe(0);
    } finally {
      await host.kill();
    }
  },
  90_000,
);

const unreachable = `Cannot reach Kafka at "${brokers}": `;

test.each([
  ['a wrong password', ['sasl.password=wrong'], `${unreachable}SASL PLAIN authentication failed`],
  ['an unknown user', ['sasl.username=eve', 'sasl.mechanism=SCRAM-SHA-512'], `${unreachable}SASL SCRAM SHA512 auth`],
  ['a mechanism that is off', ['sasl.mechanism=SCRAM-SHA-256'], `${unreachable}The broker does not support the`],
  ['a certificate of nobody we trust', ['ssl.ca.location='], `${unreachable}Connection error: self-signed certificate`],
  ['plaintext', ['security.protocol=PLAINTEXT'], unreachable],
  ['no password', ['sasl.password='], 'Cannot sign in to Kafka: SASL needs'],
  ['no certificate file', ['ssl.ca.location=/nowhere.pem'], 'Cannot read ssl.ca.location "/nowhere.pem": ENOENT'],
])(
  '%s is refused in one line with exit code 1',
  async (name, changes, reason) => {
    const args = ['bin/headrace.ts', 'start', '--assembly', assembly, '--dir', join(folder, 'refused')];
    const host = run(['--disable-warning=TimeoutNegativeWarning', ...args, ...kafkaOptions(name, changes)]);
    const output = await host.catch((error: Error) => error.message);
    expect(output).toContain(`exited with 1: ${reason}`);
    expect(output).toMatch(/^[^\n]+\n$/);
  },
  60_000,
);

const order = (id: string): object => ({
  specversion: '1.0',
  id,
  source: '/shop',
  type: 'order_created',
  data: {
    order_id: id,
    customer_id: '7',
    placed_at: '2026-11-20T12:30:00Z',
    channel: 'WEB',
    items: [{ sku: 'tea', quantity: 1, price_cents: 499 }],
  },
});
