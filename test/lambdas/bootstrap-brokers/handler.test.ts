import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

const CLUSTER_ARN = 'arn:aws:kafka:us-east-1:123456789012:cluster/headrace/0f6ac3b4-1';
const BROKERS = 'b-1.headrace.example:9098,b-2.headrace.example:9098';

/** What MSK says, and the URLs that were called. */
let brokers: object = {};
let askedMsk: string[] = [];
let answers: unknown[] = [];

/** Plays MSK for GET, and CloudFormation's pre-signed S3 URL for PUT. */
const server = createServer(async (request: IncomingMessage, response) => {
  if (request.method === 'PUT') {
    answers.push(JSON.parse(await text(request)));
    response.end();
    return;
  }
  askedMsk.push(decodeURIComponent(request.url ?? ''));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(brokers));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
Object.assign(process.env, {
  AWS_ENDPOINT_URL_KAFKA: url,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});
const { handler } = await import('../../../lambdas/bootstrap-brokers/handler.ts');

beforeEach(() => {
  brokers = { bootstrapBrokerStringSaslIam: BROKERS };
  askedMsk = [];
  answers = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const created: CloudFormationCustomResourceEvent = {
  RequestType: 'Create',
  RequestId: 'request-1',
  StackId: 'stack-1',
  LogicalResourceId: 'Brokers',
  ResourceType: 'Custom::BootstrapBrokers',
  ResponseURL: `${url}/response`,
  ServiceToken: 'the-function',
  ResourceProperties: { ServiceToken: 'the-function', ClusterArn: CLUSTER_ARN },
};

const addressed = {
  RequestId: 'request-1',
  StackId: 'stack-1',
  LogicalResourceId: 'Brokers',
  PhysicalResourceId: CLUSTER_ARN,
};

test('handler answers a creation with the IAM bootstrap brokers of the cluster', async () => {
  await handler(created);
  expect(askedMsk).toEqual([`/v1/clusters/${CLUSTER_ARN}/bootstrap-brokers`]);
  expect(answers).toEqual([{ ...addressed, Status: 'SUCCESS', Data: { BootstrapBrokers: BROKERS } }]);
});

test('handler answers a deletion with success and asks nothing, because the cluster may be gone', async () => {
  await handler({ ...created, RequestType: 'Delete', PhysicalResourceId: CLUSTER_ARN });
  expect(askedMsk).toEqual([]);
  expect(answers).toEqual([{ ...addressed, Status: 'SUCCESS', Data: {} }]);
});

test('handler answers with the reason when the cluster has no IAM listener', async () => {
  brokers = { bootstrapBrokerStringTls: 'b-1.headrace.example:9094' };
  await handler(created);
  expect(answers).toEqual([
    {
      ...addressed,
      Status: 'FAILED',
      Reason: expect.stringContaining(`Cannot read the bootstrap brokers of "${CLUSTER_ARN}"`),
    },
  ]);
});
