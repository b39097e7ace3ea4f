/** One S3 object from parts that come one after the other, through a multipart upload. */
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** S3 takes 10,000 parts of at least 5 MiB each, but for the last: objects of up to 156 GiB. */
const PART_BYTES = 16 * 2 ** 20;
/**
 * The SDK sends it with each part. S3 takes it only for an upload that was begun with it, and then wants those of all
 * parts in the end ("Checking object integrity", S3 user guide).
 */
const ChecksumAlgorithm = 'CRC32';

/** Memory: one part. What fits in one part is a plain PUT; after an error no upload is left behind. */
export async function putParts(
  client: S3Client,
  bucket: string,
  key: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = { Bucket: bucket, Key: key };
  const parts = partsOf(chunks);
  const first = await parts.next();
  const firstPart = first.done === true ? new Uint8Array() : first.value;
  if (firstPart.length < PART_BYTES) {
    await client.send(new PutObjectCommand({ ...target, Body: firstPart }));
    return;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm }));
  try {
    const uploaded: CompletedPart[] = [];
    for (let part = first; part.done !== true; part = await parts.next()) {
      const place = { UploadId, PartNumber: uploaded.length + 1 };
      const { ETag, ChecksumCRC32 } = await client.send(
        new UploadPartCommand({ ...target, ...place, ChecksumAlgorithm, Body: part.value }),
      );
      uploaded.push({ ETag, PartNumber: place.PartNumber, ChecksumCRC32 });
    }
    await client.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: uploaded } }),
    );
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
    throw error;
  }
}

/** Parts of exactly `PART_BYTES`, but for the last. */
async function* partsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let pending: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0; ) {
      const taken = rest.subarray(0, PART_BYTES - bytes);
      rest = rest.subarray(taken.length);
      pending.push(taken);
      bytes += taken.length;
      if (bytes === PART_BYTES) {
        yield Buffer.concat(pending);
        pending = [];
        bytes = 0;
      }
    }
  }
  if (bytes > 0) {
    yield Buffer.concat(pending);
  }
}
