/** A bucket on S3, as the `ObjectStore` port. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ObjectNotFoundError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { putParts } from './s3-multipart.ts';

const PRECONDITION_FAILED = 412;
/** Two conditional writes met: S3 asks the loser to try again ("Conditional requests", S3 user guide). */
const CONFLICT = 409;
const CONFLICT_ATTEMPTS_MAX = 5;

/** One client for a function's whole life, so that connections are reused. */
export function s3ObjectStore(bucket: string, client: S3Client = new S3Client({})): ObjectStore {
  return {
    get: (key) => getObject(client, bucket, key),
    put: async (key, body) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    },
    putParts: (key, parts) => putParts(client, bucket, key, parts),
    putIfAbsent: (key, body) => putIfAbsent(client, bucket, key, body),
    list: async ({ prefix, startAfter, keysMax }) => {
      const request = { Bucket: bucket, Prefix: prefix, MaxKeys: keysMax };
      const page = await client.send(
        new ListObjectsV2Command(startAfter === undefined ? request : { ...request, StartAfter: startAfter }),
      );
      return (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
        key: Key,
        bytes: Size,
        modifiedAt: LastModified?.getTime() ?? 0,
      }));
    },
    delete: async (key) => {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}

async function getObject(client: S3Client, bucket: string, key: string): Promise<Uint8Array> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  } catch (error) {
    throw error instanceof NoSuchKey ? new ObjectNotFoundError(`s3://${bucket}/${key}`, error) : error;
  }
}

async function putIfAbsent(
  client: S3Client,
  bucket: string,
  key: string,
  body: Uint8Array,
): Promise<'created' | 'exists'> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, IfNoneMatch: '*' }));
      return 'created';
    } catch (error) {
      const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
      if (status === PRECONDITION_FAILED) {
        return 'exists';
      }
      if (status !== CONFLICT || attempt === CONFLICT_ATTEMPTS_MAX) {
        throw error;
      }
    }
  }
}
