/** Signing in to Kafka: what a client says in SASL's exchanges. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { KafkaLogin } from './kafka-connection.ts';

/** Sends the client's message and gives the server's answer to it. */
export type SaslExchange = (message: string) => Promise<Buffer>;

/** No channel binding, no other identity. */
const GS2_HEADER = 'n,,';
/** `c=` of the header in Base64. */
const CHANNEL_BINDING = 'c=biws';
/** A server that asks for more work than this is not one to trust; Kafka's default is 4,096. */
const SCRAM_ITERATIONS_MAX = 1_000_000;

/**
 * Runs the exchange of the login's mechanism: PLAIN (RFC 4616), OAUTHBEARER (RFC 7628) or SCRAM (RFC 5802), which also
 * proves that the server knows the password.
 * @throws Error when the server's part of the exchange is wrong.
 */
export async function saslSignIn(login: KafkaLogin, exchange: SaslExchange): Promise<void> {
  switch (login.mechanism) {
    case 'OAUTHBEARER':
      return oauthBearer(await login.token(), exchange);
    case 'PLAIN':
      await exchange(`\u0000${login.username}\u0000${login.password}`);
      return;
    case 'SCRAM-SHA-256':
      return scram('sha256', login.username, login.password, exchange);
    case 'SCRAM-SHA-512':
      return scram('sha512', login.username, login.password, exchange);
  }
}

async function oauthBearer(token: string, exchange: SaslExchange): Promise<void> {
  const challenge = await exchange(`${GS2_HEADER}\u0001auth=Bearer ${token}\u0001\u0001`);
  if (challenge.length === 0) return;
  // What is wrong with the token, in JSON; only after one more message does the server refuse it (section 3.2.3).
  await exchange('\u0001');
  throw new Error(`the server answered ${challenge.toString()}`);
}

async function scram(hash: string, username: string, password: string, exchange: SaslExchange): Promise<void> {
  const nonce = randomBytes(24).toString('base64url');
  const first = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  const serverFirst = (await exchange(GS2_HEADER + first)).toString();
  const { r: serverNonce = '', s: salt = '', i: count = '' } = attributes(serverFirst);
  const iterations = Number(count);
  if (!serverNonce.startsWith(nonce) || !(iterations > 0 && iterations <= SCRAM_ITERATIONS_MAX)) {
    throw new Error('the server answered SCRAM with a nonce or a count of iterations that cannot be');
  }
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const keyBytes = createHash(hash).digest().length;
  const salted = await promisify(pbkdf2)(password, Buffer.from(salt, 'base64'), iterations, keyBytes, hash);
  const clientKey = hmac(salted, 'Client Key');
  const final = `${CHANNEL_BINDING},r=${serverNonce}`;
  const signed = `${first},${serverFirst},${final}`;
  const signature = hmac(createHash(hash).update(clientKey).digest(), signed);
  const proof = clientKey.map((byte, at) => byte ^ (signature[at] ?? 0));
  const serverFinal = await exchange(`${final},p=${Buffer.from(proof).toString('base64')}`);
  const given = Buffer.from(attributes(serverFinal.toString())['v'] ?? '', 'base64');
  const expected = hmac(hmac(salted, 'Server Key'), signed);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Error('the server does not know the password');
  }
}

/** `a=1,b=2`; values may hold "=". */
function attributes(message: string): Readonly<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}
