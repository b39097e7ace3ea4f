/** How to reach a Kafka cluster, in the words of Kafka's own client properties. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import type { KafkaConfig, SASLOptions } from 'kafkajs';

export interface KafkaConnection {
  /** `host:port` pairs, separated by commas. */
  readonly brokers: string;
  /**
   * Lines of `name=value`, as in the file that Kafka's command line tools take by `--command-config`; empty is
   * plaintext without signing in. `sasl.mechanism=AWS_MSK_IAM` signs in with the process's IAM identity.
   */
  readonly clientProperties: string;
}

/** A connection as parsed: where the brokers are, and how to reach any of them. */
export interface KafkaAccess {
  readonly brokers: readonly BrokerAddress[];
  /** Undefined is plaintext. `ca` are PEM certificates; without it, the authorities that Node knows are trusted. */
  readonly tls: { readonly ca?: string } | undefined;
  /** Undefined where nobody signs in. */
  readonly login: KafkaLogin | undefined;
}

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export type KafkaLogin =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  /** `token` gives a fresh one at each call. */
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: () => Promise<string> };

/** The properties of a broker that wants neither TLS nor a login. */
export const PLAINTEXT = 'security.protocol=PLAINTEXT';

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
const MECHANISMS = ['AWS_MSK_IAM', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
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
 * Reads the client properties.
 * @throws Error of one line for a property or value that is not known, or a file that cannot be read. Secrets are not
 * part of its message.
 */
export function kafkaAccess({ brokers, clientProperties }: KafkaConnection): KafkaAccess {
  const properties = parseProperties(clientProperties);
  const protocol = oneOf(properties, 'security.protocol', PROTOCOLS) ?? 'PLAINTEXT';
  return {
    brokers: brokers.split(',').map(parseAddress),
    tls: protocol.endsWith('SSL') ? tlsOptions(properties) : undefined,
    login: protocol.startsWith('SASL') ? loginOf(properties, brokers) : undefined,
  };
}

/**
 * The part of a kafkajs configuration that says where the brokers are and how to sign in.
 * @throws Error as `kafkaAccess` does.
 */
export function kafkaConfig(connection: KafkaConnection): KafkaConfig {
  const { tls, login } = kafkaAccess(connection);
  return {
    brokers: connection.brokers.split(','),
    // `logLevel.NOTHING`, whose import would load all of kafkajs for those who only want `kafkaAccess`.
    logLevel: 0,
    ...(tls === undefined ? {} : { ssl: tls.ca === undefined ? true : { ca: tls.ca } }),
    ...(login === undefined ? {} : { sasl: saslOptions(login) }),
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

function parseAddress(broker: string): BrokerAddress {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(broker.trim()) ?? [];
  if (host === undefined) throw new Error(`Cannot connect to Kafka at "${broker}": allowed is host:port`);
  return { host, port: Number(port) };
}

function oneOf<T extends string>(
  properties: ReadonlyMap<string, string>,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = properties.get(name);
  const known = allowed.find((one) => one === value);
  if (value !== undefined && known === undefined) {
    throw new Error(`Cannot connect to Kafka by ${name} "${value}": allowed are ${allowed.join(', ')}`);
  }
  return known;
}

function tlsOptions(properties: ReadonlyMap<string, string>): { ca?: string } {
  const path = properties.get('ssl.ca.location');
  if (path === undefined) return {};
  try {
    return { ca: readFileSync(path, 'utf8') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read ssl.ca.location "${path}": ${reason}, give a file of PEM certificates`);
  }
}

function loginOf(properties: ReadonlyMap<string, string>, brokers: string): KafkaLogin {
  const mechanism = oneOf(properties, 'sasl.mechanism', MECHANISMS);
  if (mechanism === 'AWS_MSK_IAM') {
    const region = MSK_REGION.exec(brokers)?.[1];
    if (region === undefined) {
      throw new Error(
        `Cannot sign in with IAM to "${brokers}": allowed are brokers of MSK, whose names tell the region`,
      );
    }
    return { mechanism: 'OAUTHBEARER', token: async () => (await generateAuthToken({ region })).token };
  }
  const jaas = properties.get('sasl.jaas.config') ?? '';
  const username = properties.get('sasl.username') ?? /\busername="([^"]*)"/.exec(jaas)?.[1];
  const password = properties.get('sasl.password') ?? /\bpassword="([^"]*)"/.exec(jaas)?.[1];
  if (mechanism === undefined || username === undefined || password === undefined) {
    throw new Error('Cannot sign in to Kafka: SASL needs sasl.mechanism, sasl.username and sasl.password');
  }
  return { mechanism, username, password };
}

function saslOptions(login: KafkaLogin): SASLOptions {
  if (login.mechanism === 'OAUTHBEARER') {
    const { token } = login;
    return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await token() }) };
  }
  const { username, password } = login;
  switch (login.mechanism) {
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username, password };
    default:
      return { mechanism: 'plain', username, password };
  }
}
