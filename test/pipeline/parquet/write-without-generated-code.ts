/** Run by generated-source.test.ts in a process of its own: prints whether code is generated, and a file's hash. */
import { createHash } from 'node:crypto';
import type { MessageType } from '../../../pipeline/contract/message.ts';
import { messageColumns } from '../../../pipeline/contract/message-columns.ts';
import { allowsGeneratedCode } from '../../../pipeline/parquet/generated-source.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import { compileProtobufReader } from '../../../pipeline/protobuf/protobuf-reader.ts';

const message: MessageType = {
  name: 'Order',
  fields: [
    { name: 'id', jsonName: 'id', number: 1, cardinality: 'required', type: { kind: 'scalar', scalar: 'string' } },
    { name: 'codes', jsonName: 'codes', number: 2, cardinality: 'repeated', type: { kind: 'scalar', scalar: 'int32' } },
  ],
};

const writer = new ParquetWriter(messageColumns(message));
const read = compileProtobufReader(message, writer.columns);
for (let i = 0; i < 100; i++) {
  writer.appendRow({ id: `order-${i}`, codes: [i, i * 2] });
  const rejection = writer.appendValues([], () => read(Uint8Array.of(0x0a, 1, 0x61 + (i % 26), 0x12, 2, i, 1)));
  if (rejection) throw new Error(rejection.reason);
}
console.log(`generates: ${allowsGeneratedCode()}`);
console.log(createHash('sha256').update(writer.finish()).digest('hex'));
