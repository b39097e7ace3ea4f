/** The columns of an event's files and of its table: the pipeline's own, then the payload's. */
import { payloadColumns } from '../payload/payload-columns.ts';
import type { Column } from './column.ts';
import type { CompiledContract, SchemaVersion } from './compiled-contract.ts';

/** `_partition` and `_offset` are a row's identity; the rest comes from the CloudEvents attributes and Kafka. */
export const SYSTEM_COLUMNS = [
  { name: '_partition', type: { kind: 'int', bits: 32, signed: true }, nullable: false },
  { name: '_offset', type: { kind: 'int', bits: 64, signed: true }, nullable: false },
  { name: '_id', type: { kind: 'string' }, nullable: false },
  { name: '_source', type: { kind: 'string' }, nullable: true },
  { name: '_time', type: { kind: 'timestamp', unit: 'micros' }, nullable: false },
  { name: '_ingested_at', type: { kind: 'timestamp', unit: 'micros' }, nullable: false },
  { name: '_schema_version', type: { kind: 'int', bits: 32, signed: true }, nullable: false },
  { name: '_custom_attributes', type: { kind: 'json' }, nullable: true },
  // CRC-32 of the record's whole value, as a signed number, which every warehouse has: what audits add up.
  { name: '_checksum', type: { kind: 'int', bits: 32, signed: true }, nullable: false },
] as const satisfies readonly Column[];

/**
 * Rows of older schema versions have the newest version's columns too: their new fields are null or empty. Columns are
 * in the order in which versions brought them, wherever a field was put: a file of an older version has the first of
 * the columns, which is all that a warehouse knows that reads files by position.
 * @param version on which the rows are projected. @default the newest
 */
export function tableColumns(contract: CompiledContract, version = newestVersion(contract).version): Column[] {
  const chosen = contract.versions.find((each) => each.version === version) ?? newestVersion(contract);
  const columns = new Map(payloadColumns(chosen).map((column) => [column.name, column]));
  const history = contract.versions.filter((each) => each.version <= chosen.version).flatMap(payloadColumns);
  const order = new Set(history.map(({ name }) => name));
  return [...SYSTEM_COLUMNS, ...[...order].flatMap((name) => columns.get(name) ?? [])];
}

/** The key, by which single rows are looked for, where the version has it. */
export function keyColumns({ keyField }: CompiledContract, columns: readonly Column[]): string[] {
  return columns.filter(({ name }) => name === keyField).map(({ name }) => name);
}

export const newestVersion = (contract: CompiledContract): SchemaVersion =>
  contract.versions[contract.versions.length - 1] as SchemaVersion;
