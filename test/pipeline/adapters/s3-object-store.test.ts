import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type AwsEndpoint, startAwsEndpoint } from '../../../local/aws/aws-endpoint.ts';
import { s3ObjectStore } from '../../../pipeline/adapters/s3-object-store.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { objectStoreSuite } from '../ports/object-store-suite.ts';

let folder: string;
let aws: AwsEndpoint;
let buckets = 0;

const clientOf = (endpoint: string): S3Client =>
  new S3Client({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-s3-'));
  aws = await startAwsEndpoint({ dataDir: folder, port: 0 });
});
afterAll(async () => {
  await aws.close();
  await rm(folder, { recursive: true });
});

objectStoreSuite('memoryObjectStore', async () => memoryObjectStore());
objectStoreSuite('s3ObjectStore', async () => {
  const client = clientOf(aws.url);
  buckets++;
  await client.send(new CreateBucketCommand({ Bucket: `bucket-${buckets}` }));
  return s3ObjectStore(`bucket-${buckets}`, client);
});

/** An S3 that answers with the given statuses, one for each request. */
async function withStatuses(statuses: number[], work: (url: string) => Promise<void>): Promise<number> {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const status = statuses[Math.min(requests, statuses.length - 1)] ?? 200;
      requests++;
      const code = { 409: 'ConditionalRequestConflict', 412: 'PreconditionFailed', 500: 'InternalError' }[status];
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(code ? `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>` : '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return requests;
}

test('s3ObjectStore: putIfAbsent tries again when S3 answers 409 to two writes that met', async () => {
  const requests = await withStatuses([409, 409, 200], async (url) => {
    expect(await s3ObjectStore('bucket', clientOf(url)).putIfAbsent('key', Buffer.from('x'))).toBe('created');
  });
  expect(requests).toBe(3);
});

test('s3ObjectStore: putIfAbsent says "exists" when the answer to its own write was lost and the SDK tried again', async () => {
  const requests = await withStatuses([500, 412], async (url) => {
    expect(await s3ObjectStore('bucket', clientOf(url)).putIfAbsent('key', Buffer.from('x'))).toBe('exists');
  });
  expect(requests).toBe(2);
});

test('s3ObjectStore: putIfAbsent throws, and tries a bounded number of times, when S3 stays in conflict', async () => {
  const requests = await withStatuses([409], async (url) => {
    await expect(s3ObjectStore('bucket', clientOf(url)).putIfAbsent('key', Buffer.from('x'))).rejects.toThrow();
  });
  expect(requests).toBe(5);
});

/** An S3 that is as strict about the checksums of a multipart upload as the real one, and tells what it completed. */
async function withStrictUploads(work: (url: string) => Promise<void>): Promise<string[]> {
  const completed: string[] = [];
  let algorithm: string | undefined;
  const parts: string[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('latin1');
    const { url = '', headers } = request;
    const checksum = String(headers['x-amz-checksum-crc32']);
    if (url.includes('uploads')) {
      algorithm = headers['x-amz-checksum-algorithm'] as string | undefined;
      response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
    } else if (url.includes('partNumber') && algorithm === 'CRC32') {
      parts.push(checksum);
      response.writeHead(200, { etag: `"${parts.length}"`, 'x-amz-checksum-crc32': checksum }).end();
    } else if (request.method === 'POST' && parts.every((part) => body.includes(`<ChecksumCRC32>${part}<`))) {
      completed.push(...parts);
      response.end('<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>');
    } else {
      response
        .writeHead(400)
        .end('<Error><Code>InvalidRequest</Code><Message>Checksum Type mismatch</Message></Error>');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return completed;
}

test('s3ObjectStore: putParts begins and ends an upload with the checksum that the SDK sends with its parts', async () => {
  const completed = await withStrictUploads(async (url) => {
    await s3ObjectStore('bucket', clientOf(url)).putParts('key', Readable.from([Buffer.alloc(17 * 2 ** 20)]));
  });
  expect(completed).toHaveLength(2);
});
