/** Whether bytes are a whole Parquet file, and what its footer says. */
import { crc32 } from 'node:zlib';
import { MAGIC, PageType } from './format.ts';
import { readThriftStruct, type ThriftStruct, type ThriftValue } from './thrift-reader.ts';

export interface ParquetFile {
  readonly rows: number;
  readonly rowGroups: number;
  /** The paths of its leaves, as in `items.list.element.sku`, in order. */
  readonly columns: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdBy: string | undefined;
}

/** A file that is cut, overwritten or no Parquet file at all. */
export class CorruptParquetError extends Error {
  override readonly name = 'CorruptParquetError';

  constructor(reason: string, cause?: unknown) {
    super(`Cannot read a Parquet file: ${reason}`, { cause });
  }
}

const FOOTER_TAIL = 8;
const text = new TextDecoder();

/**
 * Reads the footer and walks every page header, checking sizes and the CRC of each page; values are not decoded.
 * Takes memory for the footer only.
 *
 * @throws CorruptParquetError where anything does not add up, as in a file that was cut at any byte
 */
export function inspectParquet(bytes: Uint8Array): ParquetFile {
  try {
    return inspect(bytes);
  } catch (error) {
    if (error instanceof CorruptParquetError) throw error;
    throw new CorruptParquetError('its footer or a page header is malformed', error);
  }
}

/** The parts of a footer that say where the data lies. */
export interface Footer {
  readonly footer: ThriftStruct;
  readonly footerStart: number;
  /** Each with the metadata of its column chunks, in the order of the leaves. */
  readonly rowGroups: ReadonlyArray<{ readonly rows: number; readonly chunks: readonly ThriftStruct[] }>;
}

/** @throws CorruptParquetError or RangeError where the bytes do not end with a footer */
export function readFooter(bytes: Uint8Array): Footer {
  if (bytes.length < MAGIC.length + FOOTER_TAIL || !isMagic(bytes, 0) || !isMagic(bytes, bytes.length - MAGIC.length)) {
    throw new CorruptParquetError('it does not begin and end with "PAR1"');
  }
  const footerEnd = bytes.length - FOOTER_TAIL;
  const footerStart = footerEnd - new DataView(bytes.buffer, bytes.byteOffset).getUint32(footerEnd, true);
  if (footerStart < MAGIC.length) throw new CorruptParquetError('its footer is longer than the file');
  const { struct: footer, end } = readThriftStruct(bytes.subarray(0, footerEnd), footerStart);
  if (end !== footerEnd) throw new CorruptParquetError('its footer ends early');
  const rowGroups = structs(footer.get(4)).map((group) => ({
    rows: integer(group.get(3)),
    chunks: structs(group.get(1)).map((chunk) => struct(chunk.get(3))),
  }));
  return { footer, footerStart, rowGroups };
}

function inspect(bytes: Uint8Array): ParquetFile {
  const { footer, footerStart, rowGroups } = readFooter(bytes);
  const rows = integer(footer.get(3));
  const groupRows = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  if (groupRows !== rows) throw new CorruptParquetError(`its row groups have ${groupRows} rows and not ${rows}`);
  const columns = leafPaths(structs(footer.get(2)));
  for (const { chunks } of rowGroups) inspectRowGroup(bytes.subarray(0, footerStart), chunks, columns);
  const createdBy = footer.get(6);
  return {
    rows,
    rowGroups: rowGroups.length,
    columns,
    metadata: Object.fromEntries(structs(footer.get(5)).map((pair) => [string(pair.get(1)), string(pair.get(2))])),
    createdBy: createdBy === undefined ? undefined : string(createdBy),
  };
}

function inspectRowGroup(data: Uint8Array, chunks: readonly ThriftStruct[], columns: readonly string[]): void {
  if (chunks.length !== columns.length) throw new CorruptParquetError('a row group does not have every column');
  for (const [i, metadata] of chunks.entries()) {
    const path = list(metadata.get(3)).map(string).join('.');
    if (path !== columns[i]) throw new CorruptParquetError(`column "${path}" is not where the schema has it`);
    inspectChunk(data, metadata, path);
  }
}

function inspectChunk(data: Uint8Array, metadata: ThriftStruct, path: string): void {
  const start = integer(metadata.get(11) ?? metadata.get(9));
  const end = start + integer(metadata.get(7));
  if (start < MAGIC.length || end > data.length)
    throw new CorruptParquetError(`column "${path}" lies outside the file`);
  let values = 0;
  let at = start;
  while (at < end) {
    const { struct: header, end: body } = readThriftStruct(data.subarray(0, end), at);
    at = body + integer(header.get(3));
    if (at > end) throw new CorruptParquetError(`a page of column "${path}" is cut`);
    const crc = header.get(4);
    if (crc !== undefined && (crc32(data.subarray(body, at)) | 0) !== crc) {
      throw new CorruptParquetError(`a page of column "${path}" has another checksum than its bytes`);
    }
    const dataHeader = header.get(5) ?? header.get(8);
    if (header.get(1) !== PageType.dictionary && dataHeader) values += integer(struct(dataHeader).get(1));
  }
  const expected = integer(metadata.get(5));
  if (values !== expected) throw new CorruptParquetError(`column "${path}" has ${values} values and not ${expected}`);
}

/** The schema is flattened depth first; an element with children is followed by them. */
function leafPaths(elements: readonly ThriftStruct[]): string[] {
  const paths: string[] = [];
  let next = 0;
  const visit = (parents: readonly string[]): void => {
    const element = elements[next++];
    if (!element) throw new CorruptParquetError('its schema ends early');
    const childCount = integer(element.get(5) ?? 0);
    const path = next === 1 ? [] : [...parents, string(element.get(4))];
    if (childCount === 0 && next > 1) paths.push(path.join('.'));
    for (let i = 0; i < childCount; i++) visit(path);
  };
  visit([]);
  return paths;
}

function isMagic(bytes: Uint8Array, at: number): boolean {
  return MAGIC.every((byte, i) => bytes[at + i] === byte);
}

function struct(value: ThriftValue | undefined): ThriftStruct {
  if (value instanceof Map) return value;
  throw new CorruptParquetError('a struct is missing in its footer');
}

function structs(value: ThriftValue | undefined): ThriftStruct[] {
  return value === undefined ? [] : list(value).map(struct);
}

function list(value: ThriftValue | undefined): readonly ThriftValue[] {
  if (Array.isArray(value)) return value;
  throw new CorruptParquetError('a list is missing in its footer');
}

function integer(value: ThriftValue | undefined): number {
  const number = Number(value);
  if ((typeof value === 'number' || typeof value === 'bigint') && Number.isSafeInteger(number) && number >= 0)
    return number;
  throw new CorruptParquetError('a count or size is missing in its footer');
}

function string(value: ThriftValue | undefined): string {
  if (value instanceof Uint8Array) return text.decode(value);
  throw new CorruptParquetError('a name is missing in its footer');
}
