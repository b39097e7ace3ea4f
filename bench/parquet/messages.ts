/** The same rows as Protobuf messages: into a file by this project, and into objects by other decoders. */
import { fromBinary } from '@bufbuild/protobuf';
import protobuf from 'protobufjs';
import type { Column, ColumnType } from '../../pipeline/contract/column.ts';
import type { Field, MessageType, ScalarType, ValueType } from '../../pipeline/contract/message.ts';
import { messageColumns } from '../../pipeline/contract/message-columns.ts';
import { ParquetWriter } from '../../pipeline/parquet/parquet-writer.ts';
import { compileProtobufReader } from '../../pipeline/protobuf/protobuf-reader.ts';
import { messageDescriptor } from '../../test/pipeline/protobuf/message-descriptor.ts';
import type { BenchCompression } from './bench-writer.ts';
import type { Measurement, Run } from './measure.ts';
import { benchRows, type Row } from './rows.ts';

/** Few enough to die young. */
const BATCH = 500;
const STATUS = { name: 'Status', values: { UNKNOWN: 0, NEW: 1, PAID: 2, SHIPPED: 3, CANCELLED: 4 } } as const;

/** @param name `headrace-protobuf`: bytes to finished files; `protobuf-es`, `protobufjs`: bytes to objects only */
export function measureMessages(name: string, { shape, rows, rowsPerFile, compression }: Run): Measurement {
  const { columns, row } = benchRows(shape);
  const message = messageOf('Order', columns);
  const encode = encoder(message);
  const consumer = consumerNamed(name, message, compression);
  const idleBytes = process.memoryUsage.rss();
  let cpuSeconds = 0;
  let fileBytes = 0;
  const measured = <T>(work: () => T): T => {
    const start = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(start);
    cpuSeconds += (user + system) / 1e6;
    return result;
  };
  for (let first = 0; first < rows; first += rowsPerFile) {
    const end = Math.min(rows, first + rowsPerFile);
    for (let from = first; from < end; from += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, end - from) }, (_, i) => encode(row(from + i)));
      measured(() => {
        for (const bytes of batch) consumer.consume(bytes);
      });
    }
    fileBytes += measured(() => consumer.finish());
  }
  return { cpuSeconds, peakBytes: process.resourceUsage().maxRSS * 1024 - idleBytes, fileBytes };
}

interface Consumer {
  consume(bytes: Uint8Array): void;
  finish(): number;
}

function consumerNamed(name: string, message: MessageType, compression: BenchCompression): Consumer {
  if (name === 'headrace-protobuf') {
    const writer = new ParquetWriter(messageColumns(message), { compression });
    const read = compileProtobufReader(message, writer.columns);
    return {
      consume(bytes) {
        const rejection = writer.appendValues([], () => read(bytes));
        if (rejection) throw new Error(`Cannot append a message: ${JSON.stringify(rejection)}`);
      },
      finish: () => writer.finish().length,
    };
  }
  if (name === 'protobuf-es') {
    const descriptor = messageDescriptor(message);
    return { consume: (bytes) => void fromBinary(descriptor, bytes), finish: () => 0 };
  }
  const type = protobufjsType(message);
  return { consume: (bytes) => void type.decode(bytes), finish: () => 0 };
}

function messageOf(name: string, columns: readonly Column[]): MessageType {
  const fields = columns.map(({ name: field, type, nullable }, i): Field => {
    const isList = type.kind === 'list';
    const cardinality = isList ? 'repeated' : nullable ? 'optional' : 'required';
    const value = valueType(`${name}_${field}`, isList ? type.element.type : type);
    return { name: field, jsonName: field, number: i + 1, cardinality, type: value };
  });
  return { name, fields };
}

function valueType(name: string, type: ColumnType): ValueType {
  switch (type.kind) {
    case 'struct':
      return { kind: 'message', message: messageOf(name, type.fields) };
    case 'timestamp':
      return { kind: 'timestamp' };
    case 'enum':
      return { kind: 'enum', enum: STATUS };
    case 'int':
      return { kind: 'scalar', scalar: type.bits === 64 ? 'int64' : 'int32' };
    default:
      return { kind: 'scalar', scalar: type.kind === 'boolean' ? 'bool' : (type.kind as ScalarType) };
  }
}

function encoder(message: MessageType): (row: Row) => Uint8Array {
  const type = protobufjsType(message);
  return (row) => {
    const status = STATUS.values[row['status'] as keyof typeof STATUS.values];
    const time = row['created_at'];
    const created =
      time instanceof Date
        ? { seconds: Math.floor(time.getTime() / 1000), nanos: (time.getTime() % 1000) * 1_000_000 }
        : undefined;
    return type.encode(withoutNulls({ ...row, status, created_at: created })).finish();
  };
}

function withoutNulls(row: Row): Row {
  const entries = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === 'address' ? withoutNulls(value as Row) : value]),
  );
}

function protobufjsType(message: MessageType): protobuf.Type {
  const sources: string[] = [];
  addSource(message, sources);
  const enumSource = `enum Status { ${Object.entries(STATUS.values)
    .map(([name, number]) => `${name} = ${number};`)
    .join(' ')} }`;
  const timestamp = 'message Timestamp { int64 seconds = 1; int32 nanos = 2; }';
  const source = ['syntax = "proto3";', enumSource, timestamp, ...sources].join('\n');
  return protobuf.parse(source, { keepCase: true }).root.lookupType(message.name);
}

function addSource({ name, fields }: MessageType, sources: string[]): void {
  const lines = fields.map(({ name: field, number, cardinality, type }) => {
    const label = cardinality === 'required' ? '' : `${cardinality} `;
    if (type.kind === 'message') addSource(type.message, sources);
    return `${label}${typeName(type)} ${field} = ${number};`;
  });
  sources.push(`message ${name} { ${lines.join(' ')} }`);
}

function typeName(type: ValueType): string {
  switch (type.kind) {
    case 'scalar':
      return type.scalar;
    case 'enum':
      return type.enum.name;
    case 'message':
      return type.message.name;
    case 'timestamp':
      return 'Timestamp';
  }
}
