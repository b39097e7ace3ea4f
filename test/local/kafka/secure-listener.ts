/** What makes Apache Kafka listen by TLS with a login too, as clusters outside a laptop do. */

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/** A listener of the name and protocol SASL_SSL; the mechanisms are PLAIN and SCRAM-SHA-512, of one user. */
export interface SecureListener {
  /** Lines of server.properties. */
  readonly settings: string;
  /** Arguments of `kafka-storage.sh format`, which stores SCRAM's users. */
  readonly formatArguments: readonly string[];
  /** The file of client properties that signs in by PLAIN and trusts the certificate. */
  readonly clientConfig: string;
}

const USER = 'headrace';

/** Makes a password, a key and its self-signed certificate for 127.0.0.1 and localhost, all in the folder. */
export async function secureListener(folder: string): Promise<SecureListener> {
  const password = randomBytes(16).toString('base64url');
  const certificate = join(folder, 'certificate.pem');
  const clientConfig = join(folder, 'client.properties');
  const store = ['-alias', 'broker', '-keystore', join(folder, 'keys.p12'), '-storetype', 'PKCS12'];
  const keytool = (...args: string[]) => run('keytool', [...args, ...store, '-storepass', password]);
  const names = ['-dname', 'CN=localhost', '-ext', 'SAN=ip:127.0.0.1,dns:localhost'];
  keytool('-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '1', ...names);
  keytool('-exportcert', '-rfc', '-file', certificate);
  await writeFile(clientConfig, clientProperties(password, certificate));
  return {
    settings: serverSettings(password, join(folder, 'keys.p12')),
    formatArguments: ['--add-scram', `SCRAM-SHA-512=[name=${USER},password=${password}]`],
    clientConfig,
  };
}

function serverSettings(password: string, keyStore: string): string {
  const login = 'org.apache.kafka.common.security';
  return `ssl.keystore.type=PKCS12
ssl.keystore.location=${keyStore}
ssl.keystore.password=${password}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${USER}="${password}";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=${login}.scram.ScramLoginModule required;
`;
}

const clientProperties = (password: string, certificate: string): string => `security.protocol=SASL_SSL
sasl.mechanism=PLAIN
sasl.username=${USER}
sasl.password=${password}
ssl.ca.location=${certificate}
`;
