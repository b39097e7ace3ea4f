import { compileProto } from '../../../pipeline/contract/compile-proto.ts';
import type { SchemaVersion } from '../../../pipeline/contract/compiled-contract.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import { payloadColumns } from '../../../pipeline/payload/payload-columns.ts';
import { compilePayloadEncoder } from '../../../pipeline/payload/payload-encoder.ts';
import { compilePayloadReader } from '../../../pipeline/payload/payload-reader.ts';

const proto = 'syntax = "proto3"; message Blob { bytes raw = 1; }';
const avsc = { type: 'record', name: 'Blob', fields: [{ name: 'raw', type: 'bytes' }] };
const schema = {
  type: 'object',
  properties: { raw: { type: 'string', contentEncoding: 'base64' } },
  required: ['raw'],
};

const VERSIONS = [
  { format: 'protobuf', version: 1, definition: proto, message: compileProto('v1.proto', proto, 'blob') },
  { format: 'avro', version: 1, definition: JSON.stringify(avsc) },
  { format: 'json', version: 1, definition: JSON.stringify(schema) },
] as readonly SchemaVersion[];

describe.each(VERSIONS)('a payload of $format', (version) => {
  const encode = compilePayloadEncoder(version);
  const writer = new ParquetWriter(payloadColumns(version));
  const read = compilePayloadReader(version, version, writer.columns);

  test('holds 16 MiB of base64', () => {
    const encoded = encode({ raw: 'QUFB'.repeat(4 * 1024 * 1024) });
    if (!('bytes' in encoded)) throw new Error(JSON.stringify(encoded.issues));
    expect(writer.appendValues([], () => read(encoded.bytes))).toBeUndefined();
  });

  test('is refused, and nothing thrown, when 16 MiB end in a character that is not base64', () => {
    expect(encode({ raw: `${'QUFB'.repeat(4 * 1024 * 1024)}!` })).toMatchObject({ issues: [{ path: 'raw' }] });
  });
});
