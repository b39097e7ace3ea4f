/** A folder of `schemas/` becomes a compiled contract. Runs at synth time and in tools, never inside a function. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { payloadColumns } from '../payload/payload-columns.ts';
import { PAYLOAD_FORMATS } from '../payload/payload-format.ts';
import type { Column } from './column.ts';
import { checkCompatible, compileVersion, type Format, formatOf } from './compile-version.ts';
import { COMPILED_CONTRACT_FORMAT, type CompiledContract, type SchemaVersion } from './compiled-contract.ts';
import { ContractError } from './contract-error.ts';
import { checkEventName, EVENT_FILE, type EventFile, readEventYaml } from './event-yaml.ts';
import { checkExamples } from './examples.ts';
import { isFolderColumn, TIME_PARTS } from './lake-partitions.ts';
import { topicName } from './names.ts';
import { DRAIN_FRESHNESS_MIN, sinkTrigger } from './sink-trigger.ts';
import { valueLimits } from './value-limits.ts';

const VERSION_FILE = /^v([1-9]\d*)\.(\w+)$/;
const EXAMPLES_FOLDER = 'examples';
const KEY_KINDS = ['string', 'int', 'uuid'];

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
  const newest = versions.at(-1) as SchemaVersion;
  const contract: CompiledContract = {
    format: COMPILED_CONTRACT_FORMAT,
    event,
    ...eventFile.event,
    topic: { name: topicName(event), ...eventFile.event.topic },
    versions,
  };
  checkRole(folder, eventFile, 'keyField', newest, 'string or integer', KEY_KINDS);
  checkRole(folder, eventFile, 'eventTimeField', newest, PAYLOAD_FORMATS[newest.format].timeType, ['timestamp']);
  checkPollers(folder, eventFile);
  checkLake(folder, eventFile, newest);
  checkExamples(join(folder, EXAMPLES_FOLDER), newest, valueLimits(contract.warehouse.target));
  return contract;
}

/** The folders of the events under `schemas/`, sorted by name. @throws ContractError when there are none. */
export function eventFolders(schemasDir: string): string[] {
  const entries = existsSync(schemasDir) ? readdirSync(schemasDir, { withFileTypes: true }) : [];
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  if (folders.length === 0) {
    throw new ContractError(resolve(schemasDir), 0, 'no event found; an event is a folder with an event.yaml');
  }
  return folders.map((entry) => join(schemasDir, entry.name)).sort();
}

function requireFile(folder: string, name: string): string {
  const file = join(folder, name);
  if (!existsSync(file)) {
    throw new ContractError(file, 0, 'no such file; an event is a folder with event.yaml, v1.proto and examples/');
  }
  return file;
}

function loadVersions(folder: string, event: string): SchemaVersion[] {
  const files = versionFiles(folder);
  const versions = files.map(({ version, name, format }) => compileVersion(join(folder, name), version, format, event));
  for (const [index, newer] of versions.entries()) {
    const older = versions[index - 1];
    if (older) {
      checkCompatible(join(folder, files[index]?.name ?? ''), older, newer);
    }
  }
  return versions;
}

interface VersionFile {
  readonly version: number;
  readonly name: string;
  readonly format: Format;
}

function versionFiles(folder: string): VersionFile[] {
  const files: VersionFile[] = [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries.filter(({ name }) => !name.startsWith('.'))) {
    const { name } = entry;
    const file = entry.isFile() ? versionFile(name) : undefined;
    const isExpected = entry.isDirectory() ? name === EXAMPLES_FOLDER : name === EVENT_FILE || file !== undefined;
    if (!isExpected) {
      const reason = 'unknown file; allowed are event.yaml, v<number>.proto (or .avsc, .json), examples/';
      throw new ContractError(join(folder, name), 0, reason);
    }
    if (file) {
      files.push(file);
    }
  }
  files.sort((a, b) => a.version - b.version);
  const format = files[0]?.format ?? 'protobuf';
  const other = files.find((file) => file.format !== format);
  if (other) {
    const reason = `the versions of an event have one format, and its first is ${files[0]?.name}`;
    throw new ContractError(join(folder, other.name), 0, reason);
  }
  const missing = files.findIndex(({ version }, index) => version !== index + 1);
  if (files.length === 0 || missing >= 0) {
    const { extension } = PAYLOAD_FORMATS[format];
    const reason = `v${Math.max(missing, 0) + 1}.${extension} is missing; versions count up from v1.${extension}`;
    throw new ContractError(folder, 0, reason);
  }
  return files;
}

function versionFile(name: string): VersionFile | undefined {
  const [, version, extension = ''] = VERSION_FILE.exec(name) ?? [];
  const format = formatOf(extension);
  return format && { version: Number(version), name, format };
}

/** The contract gives some payload fields a part to play; they must be there in every record, and fit for it. */
function checkRole(
  folder: string,
  { event, lineOf }: EventFile,
  role: 'keyField' | 'eventTimeField',
  newest: SchemaVersion,
  typeAllowed: string,
  kinds: readonly string[],
): void {
  const chosen = event[role];
  const isFit = ({ nullable, type }: Column) => !nullable && kinds.includes(type.kind);
  const fit = payloadColumns(newest)
    .filter(isFit)
    .map(({ name }) => name);
  if (chosen !== null && !fit.includes(chosen)) {
    const payload = newest.format === 'protobuf' ? newest.message.name : 'the payload';
    const allowed = fit.length === 0 ? 'it has none' : `allowed is ${fit.join(' or ')}`;
    const reason = `${role}: "${chosen}" is not a required ${typeAllowed} field of ${payload}, ${allowed}`;
    throw new ContractError(join(folder, EVENT_FILE), lineOf(role), reason);
  }
}

function checkPollers(folder: string, { event, lineOf }: EventFile): void {
  if (event.sink !== undefined && sinkTrigger(event).kind === 'drain') {
    const reason = `freshnessSeconds ${event.freshnessSeconds} drains the topic by a schedule, which has no pollers`;
    const text = `sink.pollersMax: ${reason}: allowed below ${DRAIN_FRESHNESS_MIN}`;
    throw new ContractError(join(folder, EVENT_FILE), lineOf('sink'), text);
  }
}

/** Partition columns are there in every row, and their values can name folders. */
function checkLake(folder: string, { event, lineOf }: EventFile, newest: SchemaVersion): void {
  const columns = payloadColumns(newest).filter(isFolderColumn);
  const timeParts = [...TIME_PARTS.keys()];
  const fields = payloadColumns(newest).map(({ name }) => name);
  const allowed = [...columns.map(({ name }) => name), ...timeParts.filter((part) => !fields.includes(part))];
  for (const name of event.lake.partitionBy) {
    const isAmbiguous = timeParts.includes(name) && fields.includes(name);
    if (isAmbiguous || !allowed.includes(name)) {
      const why = isAmbiguous ? 'is a field and a part of the event time' : 'cannot name folders';
      const reason = `lake.partitionBy: "${name}" ${why}, allowed are ${allowed.join(', ')}`;
      throw new ContractError(join(folder, EVENT_FILE), lineOf('lake'), reason);
    }
  }
}
