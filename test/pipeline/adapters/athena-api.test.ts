/** Requests and answers are those of Athena's API reference. */
import { AthenaClient } from '@aws-sdk/client-athena';
import { athenaApi } from '../../../pipeline/adapters/athena-api.ts';
import type { StatementService } from '../../../pipeline/adapters/statement-service.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let service: StatementService;
beforeEach(async () => {
  server = await startScriptedServer();
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  const client = new AthenaClient({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  service = athenaApi({ workgroup: 'headrace', database: 'headrace' }, client);
});
afterEach(async () => {
  service.close();
  await server.close();
});

const ID = '3c8e1b67-1f0f-4b0c-9d4f-0d5a6a1f2f11';
const status = (fields: object) => ({ body: { QueryExecution: { QueryExecutionId: ID, Status: fields } } });

test('athenaApi: starts a query with its token', async () => {
  server.answers = [{ body: { QueryExecutionId: ID } }];
  expect(await service.submit({ statements: ['select 1'], token: 't'.repeat(64), name: 'n' })).toBe(ID);
  expect(server.asked[0]?.headers['x-amz-target']).toBe('AmazonAthena.StartQueryExecution');
  expect(server.asked[0]?.body).toEqual({
    QueryString: 'select 1',
    ClientRequestToken: 't'.repeat(64),
    QueryExecutionContext: { Database: 'headrace' },
    WorkGroup: 'headrace',
  });
  const two = { statements: ['select 1', 'select 2'], token: 't', name: 'n' };
  await expect(service.submit(two)).rejects.toThrow('Cannot run 2 statements at once: Athena allows one');
});

test.each<[object, object]>([
  [{ State: 'QUEUED' }, { state: 'running' }],
  [{ State: 'RUNNING' }, { state: 'running' }],
  [{ State: 'SUCCEEDED' }, { state: 'finished' }],
  [{ State: 'CANCELLED' }, { state: 'failed', reason: 'CANCELLED', cause: 'statements' }],
  [
    { State: 'FAILED', StateChangeReason: 'SYNTAX_ERROR: line 1:8', AthenaError: { Retryable: false } },
    { state: 'failed', reason: 'SYNTAX_ERROR: line 1:8', cause: 'statements' },
  ],
  [
    { State: 'FAILED', StateChangeReason: 'ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update' },
    { state: 'failed', reason: 'ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update', cause: 'conflict' },
  ],
  [
    { State: 'FAILED', StateChangeReason: 'Query exhausted resources', AthenaError: { Retryable: true } },
    { state: 'failed', reason: 'Query exhausted resources', cause: 'busy' },
  ],
  ...['TOO_MANY_REQUESTS_EXCEPTION: Rate exceeded', 'Amazon S3 throttled', 'Query exhausted resources'].map(
    (reason): [object, object] => [
      { State: 'FAILED', StateChangeReason: reason, AthenaError: { Retryable: false } },
      { state: 'failed', reason, cause: 'busy' },
    ],
  ),
  [
    { State: 'FAILED', StateChangeReason: 'Internal error', AthenaError: { Retryable: true } },
    { state: 'failed', reason: 'Internal error', cause: 'busy' },
  ],
])('athenaApi: status %j', async (fields, expected) => {
  server.answers = [status(fields)];
  expect(await service.status(ID)).toEqual(expected);
});

test('athenaApi: reads every page, without the names of the columns', async () => {
  const row = (...values: Array<string | undefined>) => ({ Data: values.map((VarCharValue) => ({ VarCharValue })) });
  server.answers = [
    { body: { ResultSet: { Rows: [row('key', 'rows'), row('a', undefined)] }, NextToken: 'more' } },
    { body: { ResultSet: { Rows: [row('b', '2')] } } },
  ];
  expect(await service.rows(ID)).toEqual([
    ['a', null],
    ['b', '2'],
  ]);
});

test('athenaApi: too many requests pass by themselves', async () => {
  server.answers = [{ status: 400, body: { __type: 'TooManyRequestsException', Message: 'Rate exceeded' } }];
  await expect(service.status(ID)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  expect(await service.unfinished('headrace.')).toEqual([]);
});
