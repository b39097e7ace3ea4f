/** One S3 object from parts that come one after the other, through a multipart upload. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** S3 takes 10,000 parts of at least 5 MiB each, but for the last: objects of up to 156 GiB. */
const PART_BYTES = 16 * 2 ** 20;

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
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  try {
    const uploaded: Array<{ ETag: string | undefined; PartNumber: number }> = [];
    for (let part = first; part.done !== true; part = await parts.next()) {
      const PartNumber = uploaded.length + 1;
      const { ETag } = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber, Body: part.value }));
      uploaded.push({ ETag, PartNumber });
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
