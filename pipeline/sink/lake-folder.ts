/** In which folder of the lake a row belongs. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { TIME_PARTS } from '../contract/lake-partitions.ts';
import { newestVersion, tableColumns } from '../contract/table-columns.ts';
import { columnTree, type LeafNode } from '../parquet/column-tree.ts';
import type { Rejection } from '../parquet/rejection.ts';
import { compilePayloadReader } from '../payload/payload-reader.ts';
import type { ReadRecord } from './record-reader.ts';

/**
 * The folder of a row below `data/`, in Hive's form: `country=DE/year=2026/month=11/`, empty without partition columns; or
 * why the payload was refused.
 */
export type LakeFolder = (record: ReadRecord) => string | Rejection;

/** Where rows go that have no folder of their own: one past `openPartitionsMax`, or a name too long for a key. */
export const OVERFLOW_FOLDER = 'overflow/';
/** Hive's name for no value, and its empty text. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';
/** S3 keys have at most 1,024 bytes, and there are at most six levels. */
const LEVEL_LENGTH_MAX = 140;

/** Payload columns are decoded for themselves, before it is known which file the row goes to. */
export function lakeFolder(contract: CompiledContract): LakeFolder {
  const { partitionBy } = contract.lake;
  if (partitionBy.length === 0) {
    return () => '';
  }
  const fields = payloadFields(contract);
  return (record) => {
    const values = fields?.(record) ?? new Map<string, string>();
    if (!(values instanceof Map)) {
      return values;
    }
    // A time that no date can be is refused with the row's other columns.
    const time = new Date(floorToMillis(record.timeMicros));
    const parts = partitionBy.map((name) => `${name}=${values.get(name) ?? TIME_PARTS.get(name)?.(time)}/`);
    return parts.every((part) => part.length <= LEVEL_LENGTH_MAX) ? parts.join('') : OVERFLOW_FOLDER;
  };
}

/** From 2255 on there are more microseconds than 2^53, and a double would round the last ones up into the next hour. */
function floorToMillis(micros: number | bigint): number {
  if (typeof micros === 'number') {
    return Math.floor(micros / 1000);
  }
  const millis = micros / 1000n;
  return Number(micros % 1000n < 0n ? millis - 1n : millis);
}

/** Reads the payload's partition columns as text; undefined when all partition columns are of the time. */
function payloadFields(
  contract: CompiledContract,
): ((record: ReadRecord) => Map<string, string> | Rejection) | undefined {
  const names = contract.lake.partitionBy.filter((name) => !TIME_PARTS.has(name));
  const columns = tableColumns(contract).filter(({ name }) => names.includes(name));
  if (columns.length === 0) {
    return undefined;
  }
  const nodes = columnTree(columns);
  const leaves = nodes.flatMap(({ leaves: own }) => own);
  const newest = newestVersion(contract);
  const readers = new Map(contract.versions.map((each) => [each.version, compilePayloadReader(each, newest, nodes)]));
  return ({ schemaVersion, payload }) => {
    const rejection = (readers.get(schemaVersion) ?? readers.get(newest.version))?.(payload);
    const values = new Map(rejection ? [] : leaves.map((leaf) => [leaf.column.name, folderValue(leaf)]));
    for (const leaf of leaves) {
      leaf.levels.clear();
      leaf.values.clear();
    }
    return rejection ?? values;
  };
}

/** The one value in the leaf's store, as text that is safe in a key. */
function folderValue({ column: { type }, values }: LeafNode): string {
  let text = '';
  values.visitBytes((bytes, from, to) => {
    const value = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
    if (type.kind === 'boolean') {
      text = String(value[0] === 1);
    } else if (type.kind === 'int') {
      text = integerText(value, type.signed);
    } else {
      text = value.toString('utf8');
    }
  });
  return text === '' ? NO_VALUE : encodeURIComponent(text).replaceAll('*', '%2A').replaceAll("'", '%27');
}

function integerText(value: Buffer, signed: boolean): string {
  if (value.length === 8) {
    return String(signed ? value.readBigInt64LE() : value.readBigUInt64LE());
  }
  return String(signed ? value.readInt32LE() : value.readUInt32LE());
}
