/** Rows of a file that this writer wrote, copied as they are: levels and values, without assembling a row. */
import { zstdDecompressSync } from 'node:zlib';
import type { ColumnNode, LeafNode } from './column-tree.ts';
import { Codec, Encoding, PageType } from './format.ts';
import { CorruptParquetError, inspectParquet, readFooter } from './inspect-parquet.ts';
import { dictionaryValues, type PushNext, plainValues } from './page-values.ts';
import { bitWidth } from './rle.ts';
import { decodeRle } from './rle-decode.ts';
import { readThriftStruct, type ThriftStruct } from './thrift-reader.ts';

export interface RowCopier {
  readonly rows: number;
  /** Appends the next row to the columns; at most `rows` times. For `ParquetWriter.appendValues`. */
  readonly copyRow: () => undefined;
}

/**
 * Opens a file for copying into `columns`, which must be its own. Exact for every type, because no value is converted.
 * Memory: one row group, decoded.
 *
 * @throws CorruptParquetError for a file that is cut, changed, of other columns, or not of this writer's encodings
 */
export function rowCopier(bytes: Uint8Array, columns: readonly ColumnNode[]): RowCopier {
  const { rows, columns: paths } = inspectParquet(bytes);
  const leaves = columns.flatMap((column) => column.leaves);
  const expected = leaves.map((leaf) => leaf.path.join('.'));
  if (expected.join() !== paths.join()) {
    throw new CorruptParquetError(`it has the columns ${paths.join(', ')}, and ${expected.join(', ')} are expected`);
  }
  const groups = readFooter(bytes).rowGroups.values();
  let left = 0;
  let cursors: ChunkCursor[] = [];
  const copyRow = (): undefined => {
    while (left === 0) {
      const { value: group } = groups.next();
      if (!group) throw new RangeError(`Cannot copy a row: the file has only ${rows}`);
      left = group.rows;
      const owned = new Set<LeafNode['levels']>();
      cursors = leaves.map((leaf, index) => {
        const isFirst = !owned.has(leaf.levels);
        owned.add(leaf.levels);
        return new ChunkCursor(bytes, group.chunks[index] as ThriftStruct, leaf, isFirst);
      });
    }
    left--;
    for (const cursor of cursors) cursor.copyRow();
    return undefined;
  };
  return { rows, copyRow };
}

/** One leaf's chunk, entry by entry. */
class ChunkCursor {
  readonly #leaf: LeafNode;
  /** Whether this leaf notes the levels that it may share; those of plain rows are noted by whoever ends a row. */
  readonly #notesLevels: boolean;
  readonly #pages: Iterator<Page>;
  #page: Page;
  #entry = 0;

  constructor(bytes: Uint8Array, metadata: ThriftStruct, leaf: LeafNode, isFirstOfLevels: boolean) {
    const { maxDefinition, maxRepetition } = leaf.levels;
    this.#leaf = leaf;
    this.#notesLevels = isFirstOfLevels && maxDefinition + maxRepetition > 0;
    this.#pages = dataPages(bytes, metadata, leaf);
    this.#page = this.#nextPage();
  }

  /** Pages end with a row. */
  copyRow(): void {
    if (this.#entry === this.#page.entries) {
      this.#page = this.#nextPage();
      this.#entry = 0;
    }
    const { definitions, repetitions, entries, pushNext } = this.#page;
    const { levels } = this.#leaf;
    do {
      const definition = definitions?.[this.#entry] ?? 0;
      const repetition = repetitions?.[this.#entry] ?? 0;
      const isPresent = definition === levels.maxDefinition;
      if (isPresent) pushNext();
      if (this.#notesLevels && isPresent) levels.present(repetition);
      else if (this.#notesLevels) levels.absent(definition, repetition);
      this.#entry++;
    } while (this.#entry < entries && (repetitions?.[this.#entry] ?? 0) > 0);
  }

  #nextPage(): Page {
    const { value } = this.#pages.next();
    if (!value) throw new CorruptParquetError(`column "${this.#leaf.path.join('.')}" has fewer values than its group`);
    return value;
  }
}

interface Page {
  readonly entries: number;
  readonly definitions: Int32Array | undefined;
  readonly repetitions: Int32Array | undefined;
  readonly pushNext: PushNext;
}

function* dataPages(bytes: Uint8Array, metadata: ThriftStruct, leaf: LeafNode): Generator<Page, undefined> {
  const codec = Number(metadata.get(4));
  const start = Number(metadata.get(11) ?? metadata.get(9));
  const end = start + Number(metadata.get(7));
  let dictionary: { readonly bytes: Uint8Array; readonly size: number } | undefined;
  for (let at = start; at < end; ) {
    const { struct: header, end: from } = readThriftStruct(bytes.subarray(0, end), at);
    at = from + Number(header.get(3));
    const body = decompress(bytes.subarray(from, at), codec);
    if (header.get(1) === PageType.dictionary) {
      dictionary = { bytes: body, size: Number((header.get(7) as ThriftStruct).get(1)) };
    } else {
      yield dataPage(body, header.get(5) as ThriftStruct, leaf, dictionary);
    }
  }
}

function dataPage(
  body: Uint8Array,
  header: ThriftStruct,
  { levels, values }: LeafNode,
  dictionary: { readonly bytes: Uint8Array; readonly size: number } | undefined,
): Page {
  const entries = Number(header.get(1));
  let at = 0;
  const readLevels = (max: number): Int32Array | undefined => {
    if (max === 0) return undefined;
    const length = new DataView(body.buffer, body.byteOffset + at).getUint32(0, true);
    at += 4 + length;
    return decodeRle(body.subarray(at - length, at), bitWidth(max), entries);
  };
  const repetitions = readLevels(levels.maxRepetition);
  const definitions = readLevels(levels.maxDefinition);
  const rest = body.subarray(at);
  const encoding = Number(header.get(2));
  if (encoding === Encoding.plain) {
    return { entries, definitions, repetitions, pushNext: plainValues(rest, values) };
  }
  if (encoding === Encoding.rleDictionary && dictionary) {
    const count = definitions?.reduce((sum, level) => sum + (level === levels.maxDefinition ? 1 : 0), 0) ?? entries;
    const pushNext = dictionaryValues(rest, count, dictionary.bytes, dictionary.size, values);
    return { entries, definitions, repetitions, pushNext };
  }
  throw new CorruptParquetError(`a page has the encoding ${encoding}; the sink writes PLAIN and RLE_DICTIONARY`);
}

function decompress(bytes: Uint8Array, codec: number): Uint8Array {
  if (codec === Codec.zstd) return zstdDecompressSync(bytes);
  if (codec === Codec.uncompressed) return bytes;
  throw new CorruptParquetError(`a page has the codec ${codec}; the sink writes zstd`);
}
