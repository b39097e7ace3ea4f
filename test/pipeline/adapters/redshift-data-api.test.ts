/** Requests and answers are those of the Data API's reference. */
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { redshiftDataApi } from '../../../pipeline/adapters/redshift-data-api.ts';
import type { StatementService } from '../../../pipeline/adapters/statement-service.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let service: StatementService;
beforeEach(async () => {
  server = await startScriptedServer();
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  const client = new RedshiftDataClient({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  const secretArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:redshift-AbCdEf';
  service = redshiftDataApi({ workgroup: 'headrace', database: 'events', secretArn }, client);
});
afterEach(async () => {
  service.close();
  await server.close();
});

const ID = 'd9b6c0c9-0747-4bf4-b142-e8883122f766';

test('redshiftDataApi: submits a batch with its token and its name', async () => {
  server.answers = [{ body: { Id: ID, CreatedAt: 1.598323175823e9, Database: 'events', WorkgroupName: 'headrace' } }];
  expect(
    await service.submit({ statements: ['select 1', 'select 2'], token: 't'.repeat(64), name: 'headrace.x.1' }),
  ).toBe(ID);
  const [{ headers, body } = {}] = server.asked;
  expect(headers?.['x-amz-target']).toBe('RedshiftData.BatchExecuteStatement');
  expect(body).toEqual({
    WorkgroupName: 'headrace',
    Database: 'events',
    SecretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:redshift-AbCdEf',
    Sqls: ['select 1', 'select 2'],
    ClientToken: 't'.repeat(64),
    StatementName: 'headrace.x.1',
  });
});

test.each([
  ['SUBMITTED', { state: 'running' }],
  ['PICKED', { state: 'running' }],
  ['STARTED', { state: 'running' }],
  ['FINISHED', { state: 'finished' }],
  ['ABORTED', { state: 'failed', reason: 'ABORTED', cause: 'statements' }],
])('redshiftDataApi: status %s', async (Status, status) => {
  server.answers = [{ body: { Id: ID, Status } }];
  expect(await service.status(ID)).toEqual(status);
});

test.each([
  ['ERROR: Spectrum Scan Error', 'statements'],
  ['ERROR: 1023 Detail: Serializable isolation violation on table - 126483', 'conflict'],
  ['ERROR: deadlock detected', 'conflict'],
  ['ERROR: S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown,Rid ABC', 'busy'],
  ['ERROR: S3ServiceException:We encountered an internal error.,Status 500,Error Unknown,Rid ABC', 'busy'],
  ['ERROR: S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid ABC', 'statements'],
  ['ERROR: S3CurlException: Operation timed out, CurlError 28', 'busy'],
  ['ERROR: Query (123) cancelled by WLM abort action of Query Monitoring Rule "long"', 'busy'],
  ['ERROR: server closed the connection unexpectedly', 'busy'],
])('redshiftDataApi: a statement that failed with "%s" did so for its %s', async (reason, cause) => {
  server.answers = [{ body: { Id: ID, Status: 'FAILED', Error: reason } }];
  expect(await service.status(ID)).toEqual({ state: 'failed', reason, cause });
});

test('redshiftDataApi: reads every page of the last query, whatever the types', async () => {
  const SubStatements = [
    { Id: `${ID}:1`, HasResultSet: false },
    { Id: `${ID}:2`, HasResultSet: true },
    { Id: `${ID}:3`, HasResultSet: false },
  ];
  const row = [{ stringValue: 'a' }, { longValue: 0 }, { doubleValue: 0.5 }, { booleanValue: false }, { isNull: true }];
  server.answers = [
    { body: { Id: ID, Status: 'FINISHED', SubStatements } },
    { body: { Records: [row], NextToken: 'more' } },
    { body: { Records: [[{ stringValue: '' }]] } },
  ];
  expect(await service.rows(ID)).toEqual([['a', '0', '0.5', 'false', null], ['']]);
  expect(server.asked.slice(1).map(({ body }) => body)).toEqual([
    { Id: `${ID}:2` },
    { Id: `${ID}:2`, NextToken: 'more' },
  ]);
});

test('redshiftDataApi: finds what has not ended, by the beginning of its name', async () => {
  const entry = (id: string, Status: string) => ({ Id: id, Status, StatementName: `headrace.x.${id}` });
  server.answers = [{ body: { Statements: [entry('a', 'STARTED'), entry('b', 'FINISHED'), entry('c', 'PICKED')] } }];
  expect(await service.unfinished('headrace.x.')).toEqual([
    { id: 'a', name: 'headrace.x.a' },
    { id: 'c', name: 'headrace.x.c' },
  ]);
  expect(server.asked[0]?.body).toMatchObject({
    StatementName: 'headrace.x.',
    Status: 'ALL',
    WorkgroupName: 'headrace',
  });
});

test('redshiftDataApi: finds nothing when the account has listed too often', async () => {
  server.answers = [{ status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } }];
  expect(await service.unfinished('headrace.x.')).toEqual([]);
});

test.each([
  [400, 'ActiveStatementsExceededException'],
  [400, 'ThrottlingException'],
  [500, 'InternalServerException'],
])('redshiftDataApi: %s %s passes by itself', async (status, __type) => {
  server.answers = [{ status, body: { __type, message: 'later' } }];
  await expect(service.status(ID)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
});

test('redshiftDataApi: a request that is wrong is an error as it is', async () => {
  server.answers = [{ status: 400, body: { __type: 'ValidationException', message: 'no such workgroup' } }];
  await expect(service.status(ID)).rejects.toMatchObject({ name: 'ValidationException' });
});

test('redshiftDataApi: a server that does not answer passes by itself', async () => {
  await server.close();
  await expect(service.status(ID)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  server = await startScriptedServer();
});
