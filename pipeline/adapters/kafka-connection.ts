/** How to reach a Kafka cluster, in the words of Kafka's own client properties. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';

export interface KafkaConnection {
  /** `host:port` pairs, separated by commas. */
  readonly brokers: string;
  /**
   * Lines of `name=value`, as in the file that Kafka's command line tools take by `--command-config`; empty is
   * plaintext without signing in. `sasl.mechanism=AWS_MSK_IAM` signs in with the process's IAM identity.
   */
  readonly clientProperties: string;
}

/** The properties of a broker that wants neither TLS nor a login. */
export const PLAINTEXT = 'security.protocol=PLAINTEXT';

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
const MECHANISMS = ['AWS_MSK_IAM', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
/** As in `b-1.headrace.a1b2c3.c4.kafka.us-east-1.amazonaws.com:9098`. */
const MSK_REGION = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/;
/** Kafka's names, and librdkafka's for what it spells otherwise. */
const PROPERTIES = [
  'security.protocol',
  'sasl.mechanism',
  'sasl.jaas.config',
  'sasl.username',
  'sasl.password',
  'ssl.ca.location',
];

/**
 * The part of a kafkajs configuration that says where the brokers are and how to sign in.
 * @throws Error of one line for a property or value that is not known, or a file that cannot be read. Secrets are not
 * part of its message.
 */
export function kafkaConfig({ brokers, clientProperties }: KafkaConnection): KafkaConfig {
  const properties = parseProperties(clientProperties);
  const protocol = oneOf(properties, 'security.protocol', PROTOCOLS) ?? 'PLAINTEXT';
  return {
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    ...(protocol.endsWith('SSL') ? { ssl: tlsOptions(properties) } : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOptions(properties, brokers) } : {}),
  };
}

/** The same properties for a process in another folder: names of files are absolute. */
export function withAbsolutePaths(clientProperties: string): string {
  const location = /^([ \t]*ssl\.ca\.location[ \t]*[=:][ \t]*)(\S.*)$/gm;
  return clientProperties.replace(location, (_, name: string, path: string) => name + resolve(path.trimEnd()));
}

function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split('\n').map((part) => part.trim())) {
    const [, name, value] = /^([\w.]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && PROPERTIES.includes(name)) {
      properties.set(name, value ?? '');
    } else if (line !== '' && !line.startsWith('#')) {
      const shown = name ?? 'a line without "="';
      throw new Error(`Cannot connect to Kafka with the property "${shown}": allowed are ${PROPERTIES.join(', ')}`);
    }
  }
  return properties;
}

function oneOf(properties: ReadonlyMap<string, string>, name: string, allowed: readonly string[]): string | undefined {
  const value = properties.get(name);
  if (value !== undefined && !allowed.includes(value)) {
    throw new Error(`Cannot connect to Kafka by ${name} "${value}": allowed are ${allowed.join(', ')}`);
  }
  return value;
}

function tlsOptions(properties: ReadonlyMap<string, string>): true | { ca: string } {
  const path = properties.get('ssl.ca.location');
  if (path === undefined) return true;
  try {
    return { ca: readFileSync(path, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read ssl.ca.location "${path}": ${reason}, give a file of PEM certificates`);
  }
}

function saslOptions(properties: ReadonlyMap<string, string>, brokers: string): SASLOptions {
  const mechanism = oneOf(properties, 'sasl.mechanism', MECHANISMS);
  if (mechanism === 'AWS_MSK_IAM') {
    const region = MSK_REGION.exec(brokers)?.[1];
    if (region === undefined) {
      throw new Error(
        `Cannot sign in with IAM to "${brokers}": allowed are brokers of MSK, whose names tell the region`,
      );
    }
    const oauthBearerProvider = async () => ({ value: (await generateAuthToken({ region })).token });
    return { mechanism: 'oauthbearer', oauthBearerProvider };
  }
  const jaas = properties.get('sasl.jaas.config') ?? '';
  const username = properties.get('sasl.username') ?? /\busername="([^"]*)"/.exec(jaas)?.[1];
  const password = properties.get('sasl.password') ?? /\bpassword="([^"]*)"/.exec(jaas)?.[1];
  if (mechanism === undefined || username === undefined || password === undefined) {
    throw new Error('Cannot sign in to Kafka: SASL needs sasl.mechanism, sasl.username and sasl.password');
  }
  switch (mechanism) {
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username, password };
    default:
      return { mechanism: 'plain', username, password };
  }
}
