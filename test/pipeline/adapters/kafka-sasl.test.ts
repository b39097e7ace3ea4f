/** A client's part of SASL against a server's; `npm run test:kafka` signs in to Apache Kafka. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { KafkaLogin } from '../../../pipeline/adapters/kafka-connection.ts';
import { type SaslExchange, saslSignIn } from '../../../pipeline/adapters/kafka-sasl.ts';

const SALT = Buffer.from('QSXCR+Q6sek8bf92', 'base64');
const ITERATIONS = 4_096;

/** A server of RFC 5802 that knows ann's password; `forged` is one that only pretends to. */
function scramServer(hash: 'sha256' | 'sha512', forged = false): { exchange: SaslExchange; users: string[] } {
  const users: string[] = [];
  let clientFirst = '';
  let serverFirst = '';
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const bytes = hash === 'sha256' ? 32 : 64;
  const salted = pbkdf2Sync('secret', SALT, ITERATIONS, bytes, hash);
  const storedKey = createHash(hash).update(hmac(salted, 'Client Key')).digest();
  const exchange: SaslExchange = async (message) => {
    if (clientFirst === '') {
      const [, bare = '', user = '', nonce = ''] = /^n,,(n=(.*?),r=(.*))$/.exec(message) ?? [];
      users.push(user);
      clientFirst = bare;
      serverFirst = `r=${nonce}server,s=${SALT.toString('base64')},i=${ITERATIONS}`;
      return Buffer.from(serverFirst);
    }
    const [, withoutProof = '', proof = ''] = /^(c=biws,r=.*),p=(.*)$/.exec(message) ?? [];
    const signed = `${clientFirst},${serverFirst},${withoutProof}`;
    const signature = hmac(storedKey, signed);
    const clientKey = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (signature[at] ?? 0));
    if (!forged && !createHash(hash).update(clientKey).digest().equals(storedKey)) throw new Error('wrong proof');
    const serverKey = hmac(forged ? Buffer.alloc(bytes) : salted, 'Server Key');
    return Buffer.from(`v=${hmac(serverKey, signed).toString('base64')}`);
  };
  return { exchange, users };
}

const login = (mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512', password = 'secret'): KafkaLogin => ({
  mechanism,
  username: 'ann=b,c',
  password,
});

test.each([
  ['SCRAM-SHA-256', 'sha256'],
  ['SCRAM-SHA-512', 'sha512'],
] as const)('saslSignIn: by %s proves the password without telling it', async (mechanism, hash) => {
  const { exchange, users } = scramServer(hash);
  await saslSignIn(login(mechanism), exchange);
  expect(users).toEqual(['ann=3Db=2Cc']);
  await expect(saslSignIn(login(mechanism, 'wrong'), scramServer(hash).exchange)).rejects.toThrow('wrong proof');
});

test('saslSignIn: by SCRAM refuses a server that does not know the password', async () => {
  const { exchange } = scramServer('sha512', true);
  await expect(saslSignIn(login('SCRAM-SHA-512'), exchange)).rejects.toThrow('the server does not know the password');
});

test.each(['r=other,s=QQ==,i=4096', 'i=4096', '', 'r=$,s=QQ==,i=2000000'])(
  'saslSignIn: by SCRAM refuses the server’s "%s"',
  async (answer) => {
    const exchange: SaslExchange = async (message) =>
      Buffer.from(answer.replace('$', /r=(.*)/.exec(message)?.[1] ?? ''));
    await expect(saslSignIn(login('SCRAM-SHA-256'), exchange)).rejects.toThrow('a nonce or a count of iterations');
  },
);

test('saslSignIn: by PLAIN and OAUTHBEARER says it all in one message', async () => {
  const said: string[] = [];
  const exchange: SaslExchange = async (message) => {
    said.push(message);
    return Buffer.alloc(0);
  };
  await saslSignIn({ mechanism: 'PLAIN', username: 'ann', password: 'secret' }, exchange);
  await saslSignIn({ mechanism: 'OAUTHBEARER', token: async () => 'token' }, exchange);
  expect(said).toEqual(['\u0000ann\u0000secret', 'n,,\u0001auth=Bearer token\u0001\u0001']);
});

test('saslSignIn: by OAUTHBEARER a challenge is a refusal, which the server makes after one more message', async () => {
  const said: string[] = [];
  const exchange: SaslExchange = async (message) => {
    said.push(message);
    if (message === '\u0001') throw new Error('refused');
    return Buffer.from('{"status":"invalid_token"}');
  };
  await expect(saslSignIn({ mechanism: 'OAUTHBEARER', token: async () => 'old' }, exchange)).rejects.toThrow('refused');
  expect(said).toHaveLength(2);
});
