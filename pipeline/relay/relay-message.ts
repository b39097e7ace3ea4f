/** Records on their way to Kafka, as the text of queue messages. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { UnknownFormatError } from '../errors.ts';
import type { OutgoingRecord } from '../ports.ts';

const FORMAT = 1;
/** Of JSON before compression. What does not compress is about as large as base64 of it, below SQS's 1 MiB. */
const MESSAGE_BYTES_MAX = 900_000;

/** A record as JSON; key and value are base64, and so is the value of a header that is bytes. */
type WrittenRecord = Omit<OutgoingRecord, 'key' | 'value' | 'headers'> & {
  readonly key: string | null;
  readonly value: string;
  readonly headers: ReadonlyArray<readonly [name: string, text: string, isBase64?: true]>;
};

/** Some records, and the message that holds them. */
export interface RelayMessage {
  /** Positions among the records that were packed. */
  readonly indexes: readonly number[];
  readonly body: string;
}

/** As few messages as the records need, each at most 1 MiB; the order of the records is kept. */
export function packRecords(records: readonly OutgoingRecord[]): RelayMessage[] {
  const written = records.map((record) => JSON.stringify(write(record)));
  const groups: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [index, text] of written.entries()) {
    bytes += text.length + 1;
    if (bytes > MESSAGE_BYTES_MAX) {
      groups.push([]);
      bytes = text.length + 1;
    }
    groups.at(-1)?.push(index);
  }
  return groups.map((indexes) => {
    const json = `{"format":${FORMAT},"records":[${indexes.map((index) => written[index]).join()}]}`;
    return { indexes, body: zstdCompressSync(json).toString('base64') };
  });
}

/** @throws UnknownFormatError when the body is none of ours. */
export function unpackRecords(body: string): OutgoingRecord[] {
  const { format, records } = parse(body);
  if (format !== FORMAT) {
    throw new UnknownFormatError('a message of the relay', `its format is ${format}, allowed is ${FORMAT}`);
  }
  return records.map(read);
}

function parse(body: string): { format: number; records: WrittenRecord[] } {
  try {
    return JSON.parse(zstdDecompressSync(Buffer.from(body, 'base64')).toString('utf8'));
  } catch (error) {
    throw new UnknownFormatError('a message of the relay', (error as Error).message);
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const write = ({ key, value, headers, ...rest }: OutgoingRecord): WrittenRecord => ({
  ...rest,
  key: key && base64(key),
  value: base64(value),
  headers: Object.entries(headers).map(([name, text]) =>
    typeof text === 'string' ? [name, text] : [name, base64(text), true],
  ),
});

const read = ({ key, value, headers, ...rest }: WrittenRecord): OutgoingRecord => ({
  ...rest,
  key: key === null ? null : Buffer.from(key, 'base64'),
  value: Buffer.from(value, 'base64'),
  headers: Object.fromEntries(
    headers.map(([name, text, isBase64]) => [name, isBase64 ? Buffer.from(text, 'base64') : text]),
  ),
});
