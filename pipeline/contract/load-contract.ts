/** A folder of `schemas/` becomes a compiled contract. Runs at synth time and in tools, never inside a function. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { backwardBreaks } from './compatibility.ts';
import { compileProto } from './compile-proto.ts';
import { COMPILED_CONTRACT_FORMAT, type CompiledContract, type SchemaVersion } from './compiled-contract.ts';
import { ContractError } from './contract-error.ts';
import { checkEventName, type EventFile, readEventYaml } from './event-yaml.ts';
import { checkExamples } from './examples.ts';
import { isFolderColumn, TIME_PARTS } from './lake-partitions.ts';
import type { Field, MessageType } from './message.ts';
import { messageColumns } from './message-columns.ts';
import { topicName } from './names.ts';
import { declarationLine, protoDeclarations } from './proto-declarations.ts';
import { readText } from './read-text.ts';

const VERSION_FILE = /^v([1-9]\d*)\.proto$/;
const EXAMPLES_FOLDER = 'examples';
const EVENT_FILE = 'event.yaml';

/**
 * Compiles and checks one event: its contract, all its schema versions, their compatibility and its examples.
 * Deterministic: the same files give the same value.
 * @param folder `schemas/<event>`; the last part is the event's name.
 * @throws ContractError that names file, line where known, and field.
 */
export function loadContract(folder: string): CompiledContract {
  const event = basename(folder);
  checkEventName(folder, event);
  const eventFile = readEventYaml(requireFile(folder, EVENT_FILE), event);
  const versions = loadVersions(folder, event);
  const newest = (versions.at(-1) as SchemaVersion).message;
  const contract: CompiledContract = {
    format: COMPILED_CONTRACT_FORMAT,
    event,
    ...eventFile.event,
    topic: { name: topicName(event), ...eventFile.event.topic },
    versions,
  };
  checkRole(folder, eventFile, 'keyField', newest, 'string or integer', isKey);
  checkRole(folder, eventFile, 'eventTimeField', newest, 'google.protobuf.Timestamp', isTimestamp);
  checkLake(folder, eventFile, newest);
  checkExamples(join(folder, EXAMPLES_FOLDER), newest);
  return contract;
}

/** The folders of the events under `schemas/`, sorted by name. @throws ContractError when there are none. */
export function eventFolders(schemasDir: string): string[] {
  const entries = existsSync(schemasDir) ? readdirSync(schemasDir, { withFileTypes: true }) : [];
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  if (folders.length === 0) {
    throw new ContractError(schemasDir, 0, 'no event found; an event is a folder with an event.yaml');
  }
  return folders.map((entry) => join(schemasDir, entry.name)).sort();
}

/** @throws ContractError when two events would be loaded into one table; SQL does not tell cases apart. */
export function checkTables(schemasDir: string, contracts: readonly CompiledContract[]): void {
  const owners = new Map<string, string>();
  for (const { event, warehouse } of contracts) {
    const table = warehouse.table.toLowerCase();
    const other = owners.get(table);
    if (other !== undefined) {
      const file = join(schemasDir, event, EVENT_FILE);
      throw new ContractError(file, 0, `warehouse.table: "${warehouse.table}" is the table of ${other} already`);
    }
    owners.set(table, event);
  }
}

function requireFile(folder: string, name: string): string {
  const file = join(folder, name);
  if (!existsSync(file)) {
    throw new ContractError(file, 0, 'no such file; an event is a folder with event.yaml, v1.proto and examples/');
  }
  return file;
}

function loadVersions(folder: string, event: string): SchemaVersion[] {
  const versions = versionFiles(folder).map(({ version, name }) => {
    const definition = readText(join(folder, name));
    return { version, definition, message: compileProto(join(folder, name), definition, event) };
  });
  for (const [index, newer] of versions.entries()) {
    const older = versions[index - 1];
    if (older) {
      checkCompatible(join(folder, `v${newer.version}.proto`), older, newer);
    }
  }
  return versions;
}

function checkCompatible(file: string, older: SchemaVersion, newer: SchemaVersion): void {
  const breaks = backwardBreaks(older.message, newer.message);
  const [first] = breaks;
  if (first) {
    const line = declarationLine(protoDeclarations(newer.definition), first.declaration);
    const all = breaks.map(({ path, reason }) => `${path} ${reason}`).join('; ');
    throw new ContractError(file, line, `not BACKWARD compatible with v${older.version}: ${all}`);
  }
}

function versionFiles(folder: string): Array<{ version: number; name: string }> {
  const files: Array<{ version: number; name: string }> = [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries.filter(({ name }) => !name.startsWith('.'))) {
    const { name } = entry;
    const version = VERSION_FILE.exec(name)?.[1];
    const isExpected = entry.isDirectory() ? name === EXAMPLES_FOLDER : name === EVENT_FILE || version !== undefined;
    if (!isExpected) {
      const reason = 'unknown file; allowed are event.yaml, v<number>.proto, examples/';
      throw new ContractError(join(folder, name), 0, reason);
    }
    if (version !== undefined) {
      files.push({ version: Number(version), name });
    }
  }
  files.sort((a, b) => a.version - b.version);
  const missing = files.findIndex(({ version }, index) => version !== index + 1);
  if (files.length === 0 || missing >= 0) {
    const reason = `v${Math.max(missing, 0) + 1}.proto is missing; versions count up from v1.proto`;
    throw new ContractError(folder, 0, reason);
  }
  return files;
}

/** The contract gives some payload fields a part to play; they must be there in every record, and fit for it. */
function checkRole(
  folder: string,
  { event, lineOf }: EventFile,
  role: 'keyField' | 'eventTimeField',
  { name, fields }: MessageType,
  typeAllowed: string,
  isFit: (field: Field) => boolean,
): void {
  const chosen = event[role];
  const fit = fields.filter((field) => field.cardinality === 'required' && isFit(field)).map((field) => field.name);
  if (chosen !== null && !fit.includes(chosen)) {
    const allowed = fit.length === 0 ? 'it has none' : `allowed is ${fit.join(' or ')}`;
    const reason = `${role}: "${chosen}" is not a required ${typeAllowed} field of ${name}, ${allowed}`;
    throw new ContractError(join(folder, EVENT_FILE), lineOf(role), reason);
  }
}

/** Partition columns are there in every row, and their values can name folders. */
function checkLake(folder: string, { event, lineOf }: EventFile, newest: MessageType): void {
  const columns = messageColumns(newest).filter(isFolderColumn);
  const allowed = [...columns.map(({ name }) => name), ...TIME_PARTS.keys()];
  for (const name of event.lake.partitionBy) {
    if (!allowed.includes(name)) {
      const reason = `lake.partitionBy: "${name}" cannot name folders, allowed are ${allowed.join(', ')}`;
      throw new ContractError(join(folder, EVENT_FILE), lineOf('lake'), reason);
    }
  }
}

const isKey = ({ type }: Field): boolean =>
  type.kind === 'scalar' && (type.scalar === 'string' || /int|fixed/.test(type.scalar));

const isTimestamp = ({ type }: Field): boolean => type.kind === 'timestamp';
