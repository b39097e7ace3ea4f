/** Requests and answers are those of the SQL API's reference. */
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { snowflakeSqlApi } from '../../../pipeline/adapters/snowflake-sql-api.ts';
import { snowflakeTokens } from '../../../pipeline/adapters/snowflake-token.ts';
import type { StatementService } from '../../../pipeline/adapters/statement-service.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let service: StatementService;
beforeEach(async () => {
  server = await startScriptedServer();
  const place = { account: 'myorg-my_account', database: 'D', schema: 'PUBLIC', warehouse: 'W', role: 'R' };
  service = snowflakeSqlApi({ ...place, origin: server.url }, () => 'token');
});
afterEach(() => server.close());

const HANDLE = '01b0e5c6-0000-1b7d-0000-0001a2b3c4d5';
const RUNNING = {
  code: '333334',
  message: 'Asynchronous execution in progress. Use provided query id to perform query monitoring and management.',
  statementHandle: HANDLE,
  statementStatusUrl: `/api/v2/statements/${HANDLE}`,
};

test('snowflakeSqlApi: submits all statements in one request, and the same request for the same token', async () => {
  server.answers = [{ status: 202, body: RUNNING }];
  const submission = { statements: ['begin', 'select 1', 'commit'], token: 'token', name: 'headrace.x.1' };
  expect(await service.submit(submission)).toBe(HANDLE);
  await service.submit(submission);
  await service.submit({ ...submission, token: 'another' });
  const [first, again, another] = server.asked.map(({ path }) => new URL(path, server.url));
  expect(first?.pathname).toBe('/api/v2/statements');
  expect(Object.fromEntries(first?.searchParams ?? [])).toEqual({
    requestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
    retry: 'true',
    async: 'true',
  });
  expect(again?.search).toBe(first?.search);
  expect(another?.search).not.toBe(first?.search);
  expect(server.asked[0]?.headers).toMatchObject({
    authorization: 'Bearer token',
    'x-snowflake-authorization-token-type': 'KEYPAIR_JWT',
    accept: 'application/json',
  });
  expect(server.asked[0]?.body).toEqual({
    statement: 'begin;\nselect 1;\ncommit',
    database: 'D',
    schema: 'PUBLIC',
    warehouse: 'W',
    role: 'R',
    parameters: { MULTI_STATEMENT_COUNT: '3', TIMEZONE: 'UTC', QUERY_TAG: 'headrace.x.1' },
  });
});

test.each([
  [202, RUNNING, { state: 'running' }],
  [200, { code: '090001', statementHandle: HANDLE, data: [] }, { state: 'finished' }],
  [
    422,
    { code: '002140', sqlState: '42601', message: 'SQL compilation error', statementHandle: HANDLE },
    { state: 'failed', reason: '002140: SQL compilation error', cause: 'statements' },
  ],
  [
    408,
    { code: '000630', message: 'Statement reached its statement or warehouse timeout of 10 second(s).' },
    {
      state: 'failed',
      reason: '000630: Statement reached its statement or warehouse timeout of 10 second(s).',
      cause: 'statements',
    },
  ],
  [
    422,
    { code: '000625', message: 'Statement has locked table LOCK_X in transaction; lock timeout exceeded' },
    {
      state: 'failed',
      reason: '000625: Statement has locked table LOCK_X in transaction; lock timeout exceeded',
      cause: 'conflict',
    },
  ],
  [
    422,
    { code: '000625', message: 'It was aborted because the number of waiters for this lock exceeds 20 statements.' },
    {
      state: 'failed',
      reason: '000625: It was aborted because the number of waiters for this lock exceeds 20 statements.',
      cause: 'conflict',
    },
  ],
  [
    422,
    { code: '091003', message: 'Failure using stage area. Cause: [Slow Down (Status Code: 503; Request ID: R)]' },
    {
      state: 'failed',
      reason: '091003: Failure using stage area. Cause: [Slow Down (Status Code: 503; Request ID: R)]',
      cause: 'busy',
    },
  ],
])('snowflakeSqlApi: HTTP status %s of an execution', async (status, body, expected) => {
  server.answers = [{ status, body }];
  expect(await service.status(HANDLE)).toEqual(expected);
});

test.each([429, 500, 503])('snowflakeSqlApi: HTTP status %s passes by itself', async (status) => {
  server.answers = [{ status, body: {} }];
  await expect(service.status(HANDLE)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
});

test('snowflakeSqlApi: a token that is refused is no matter of time', async () => {
  server.answers = [{ status: 401, body: { code: '390144', message: 'JWT token is invalid.' } }];
  await expect(service.status(HANDLE)).rejects.toThrow(
    'Cannot call Snowflake: HTTP status 401, 390144: JWT token is invalid.',
  );
});

test('snowflakeSqlApi: statements that are refused at once are an error of theirs', async () => {
  server.answers = [{ status: 422, body: { code: '000008', message: 'Actual statement count 2 did not match' } }];
  const submission = { statements: ['select 1'], token: 't', name: 'n' };
  await expect(service.submit(submission)).rejects.toThrow(
    'Cannot run statements: Snowflake says: 000008 Actual statement count 2 did not match',
  );
});

test('snowflakeSqlApi: reads every partition of the last statement', async () => {
  const several = { statementHandles: ['first', 'last'], data: [['Multiple statements executed successfully.']] };
  const resultSetMetaData = { numRows: 2, partitionInfo: [{ rowCount: 1 }, { rowCount: 1 }] };
  server.answers = [
    { body: several },
    { body: { resultSetMetaData, data: [['a', null]] } },
    { body: { data: [['b', '2']] } },
  ];
  expect(await service.rows(HANDLE)).toEqual([
    ['a', null],
    ['b', '2'],
  ]);
  expect(server.asked.map(({ path }) => path.replace('/api/v2/statements/', ''))).toEqual([
    HANDLE,
    'last',
    'last?partition=1',
  ]);
});

test('snowflakeSqlApi: reads the rows of a single statement', async () => {
  server.answers = [{ body: { resultSetMetaData: { partitionInfo: [{}] }, data: [['a']] } }];
  expect(await service.rows(HANDLE)).toEqual([['a']]);
  expect(server.asked).toHaveLength(1);
});

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));

test('snowflakeTokens: a token is signed for the user by the key whose fingerprint it names', () => {
  const token = snowflakeTokens({ account: 'xy12345.us-east-1', user: 'loader', privateKeyPem }, () => 1_000_000_500)();
  const [header, claims, signature = ''] = token.split('.');
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const fingerprint = `SHA256:${createHash('sha256').update(der).digest('base64')}`;
  expect(decode(header)).toEqual({ alg: 'RS256', typ: 'JWT' });
  expect(decode(claims)).toEqual({
    iss: `XY12345.LOADER.${fingerprint}`,
    sub: 'XY12345.LOADER',
    iat: 1_000_000,
    exp: 1_003_600,
  });
  const signed = Buffer.from(`${header}.${claims}`);
  expect(verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
});

test('snowflakeTokens: a token serves for fifty minutes', () => {
  let seconds = 0;
  const tokens = snowflakeTokens({ account: 'myorg-a', user: 'u', privateKeyPem }, () => seconds * 1000);
  const first = tokens();
  seconds = 2_999;
  expect(tokens()).toBe(first);
  seconds = 3_000;
  expect(tokens()).not.toBe(first);
});

test('snowflakeTokens: refuses what is no private key, and does not quote it', () => {
  expect(() => snowflakeTokens({ account: 'a', user: 'u', privateKeyPem: 'secret' }, Date.now)).toThrow(
    /^Cannot sign in to Snowflake: the secret holds no private key, allowed is PKCS#8 in PEM$/,
  );
});
