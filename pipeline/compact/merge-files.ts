/** Several data files of one schema version become one. */
import { createHash } from 'node:crypto';
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { keyColumns, tableColumns } from '../contract/table-columns.ts';
import { BrokenInvariantError } from '../errors.ts';
import { rowCopier } from '../parquet/copy-rows.ts';
import { ParquetWriter } from '../parquet/parquet-writer.ts';
import type { ObjectStore } from '../ports.ts';
import type { DataFile } from '../sink/commit.ts';
import { getContent } from '../sink/content-key.ts';

export interface MergeOptions {
  readonly contract: CompiledContract;
  readonly lake: ObjectStore;
  readonly schemaVersion: number;
  /** A file of at least half of this is large enough, and stays as it is. */
  readonly fileBytes: number;
  /** What the new file's key begins with; a hash of what went into it and the extension follow. */
  readonly stem: string;
}

const HASH_HEX_DIGITS = 16;
/** Files are read so many at once, or as many as have so many bytes together: small ones are all waiting. */
const READS_AT_ONCE = { files: 16, bytes: 16_000_000 } as const;

/**
 * Copies the rows of the small files, in their order, into one file. The same files give the same file of the same name.
 * Memory: some source files, of 16 MB together or one larger, and one row group.
 * @returns what stands for the files: large ones themselves, and the new one.
 */
export async function mergeFiles(files: readonly DataFile[], options: MergeOptions): Promise<DataFile[]> {
  const isLarge = ({ bytes }: DataFile): boolean => bytes >= options.fileBytes / 2;
  const small = files.filter((file) => !isLarge(file));
  const large = files.filter(isLarge);
  return small.length < 2 ? [...files] : [...large, await merge(small, options)];
}

async function merge(
  files: readonly DataFile[],
  { contract, lake, schemaVersion, stem }: MergeOptions,
): Promise<DataFile> {
  const hash = createHash('sha256').update(files.map(({ key }) => key).join('\n'));
  const key = `${stem}-${hash.digest('hex').slice(0, HASH_HEX_DIGITS)}.parquet`;
  const columns = tableColumns(contract, schemaVersion);
  const writer = new ParquetWriter(columns, { bloomColumns: keyColumns(contract, columns) });
  let bytes = 0;
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (const group of groups(files)) {
      const bodies = await Promise.all(group.map((file) => getContent(lake, file.key)));
      for (const [index, file] of group.entries()) {
        copyFile(file, bodies[index] as Uint8Array, writer);
        yield* counted(writer.takeOutput());
      }
    }
    const metadata = { 'headrace.event': contract.event, 'headrace.schema_version': String(schemaVersion) };
    yield* counted([writer.finish(metadata)]);
  }
  function* counted(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
    for (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  await lake.putParts(key, parts());
  return { key, rows: files.reduce((sum, { rows }) => sum + rows, 0), bytes };
}

function* groups(files: readonly DataFile[]): Generator<DataFile[]> {
  let group: DataFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (group.length === READS_AT_ONCE.files || (group.length > 0 && bytes + file.bytes > READS_AT_ONCE.bytes)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(file);
    bytes += file.bytes;
  }
  yield group;
}

/** @throws BrokenInvariantError when the file does not hold the rows that its commit counts. */
function copyFile({ key, rows }: DataFile, bytes: Uint8Array, writer: ParquetWriter): void {
  const copier = rowCopier(bytes, writer.columns);
  if (copier.rows !== rows) {
    throw new BrokenInvariantError(`Cannot merge "${key}": it holds ${copier.rows} rows, its commit counts ${rows}`);
  }
  for (let row = 0; row < rows; row++) {
    writer.appendValues([], copier.copyRow);
  }
}
