import { deflateSync, gzipSync } from 'node:zlib';
import { BODY_BYTES_MAX, DECOMPRESSED_BYTES_MAX } from '../../../pipeline/ingest/limits.ts';
import { readBody } from '../../../pipeline/ingest/read-body.ts';

const body = Buffer.from('{"a":1}');

/** The problem's code, or the bytes as text. */
function read(bytes: Uint8Array, encoding?: string): string {
  const result = readBody(bytes, encoding);
  return 'problem' in result
    ? result.problem.type.replace('urn:headrace:problem:', '')
    : Buffer.from(result.bytes).toString();
}

test('readBody: decompresses gzip and deflate, however the header is spelled', () => {
  expect(read(body)).toBe('{"a":1}');
  expect(read(body, ' Identity ')).toBe('{"a":1}');
  expect(read(gzipSync(body), 'GZIP')).toBe('{"a":1}');
  expect(read(gzipSync(body), 'x-gzip')).toBe('{"a":1}');
  expect(read(deflateSync(body), 'deflate')).toBe('{"a":1}');
});

test('readBody: refuses other encodings, and bytes that are not what the header says', () => {
  expect(read(body, 'br')).toBe('unsupported-content-encoding');
  expect(read(gzipSync(gzipSync(body)), 'gzip, gzip')).toBe('unsupported-content-encoding');
  expect(read(body, 'gzip')).toBe('malformed-body');
  expect(read(new Uint8Array(), 'gzip')).toBe('malformed-body');
  expect(read(gzipSync(body).subarray(0, 20), 'gzip')).toBe('malformed-body');
});

test('readBody: takes a body of the limit, and refuses one byte more', () => {
  expect(read(Buffer.alloc(BODY_BYTES_MAX, 'x'))).toHaveLength(BODY_BYTES_MAX);
  expect(read(Buffer.alloc(BODY_BYTES_MAX + 1))).toBe('body-too-large');
});

test('readBody: refuses a body that decompresses to more than the limit, and takes one of the limit', () => {
  expect(read(gzipSync(Buffer.alloc(DECOMPRESSED_BYTES_MAX, 'x')), 'gzip')).toHaveLength(DECOMPRESSED_BYTES_MAX);
  expect(read(gzipSync(Buffer.alloc(DECOMPRESSED_BYTES_MAX + 1)), 'gzip')).toBe('body-too-large');
  expect(read(deflateSync(Buffer.alloc(200 * 1024 * 1024)), 'deflate')).toBe('body-too-large');
});
