/** A folder of `schemas/` becomes a compiled contract. Runs at synth time and in tools, never inside a function. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { backwardBreaks } from './compatibility.ts';
import { compileProto } from './compile-proto.ts';
import { COMPILED_CONTRACT_FORMAT, type CompiledContract, type SchemaVersion } from './compiled-contract.ts';
import { ContractError } from './contract-error.ts';
import { checkEventName, readEventYaml } from './event-yaml.ts';
import { checkExamples } from './examples.ts';
import type { MessageType } from './message.ts';
import { topicName } from './names.ts';

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
  const yaml = readEventYaml(requireFile(folder, EVENT_FILE), event);
  const versions = loadVersions(folder, event);
  const newest = (versions.at(-1) as SchemaVersion).message;
  const contract: CompiledContract = {
    format: COMPILED_CONTRACT_FORMAT,
    event,
    ...yaml,
    topic: { name: topicName(event), ...yaml.topic },
    versions,
  };
  checkKeyField(folder, contract.keyField, newest);
  checkEventTimeField(folder, contract.eventTimeField, newest);
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

function requireFile(folder: string, name: string): string {
  const file = join(folder, name);
  if (!existsSync(file)) {
    throw new ContractError(file, 0, 'no such file; an event is a folder with event.yaml, v1.proto and examples/');
  }
  return file;
}

function loadVersions(folder: string, event: string): SchemaVersion[] {
  const versions = versionFiles(folder).map(({ version, name }) => {
    const definition = readFileSync(join(folder, name), 'utf8');
    return { version, definition, message: compileProto(join(folder, name), definition, event) };
  });
  for (const [index, newer] of versions.entries()) {
    const older = versions[index - 1];
    const breaks = older ? backwardBreaks(older.message, newer.message) : [];
    if (breaks.length > 0) {
      const file = join(folder, `v${newer.version}.proto`);
      throw new ContractError(file, 0, `not BACKWARD compatible with v${newer.version - 1}: ${breaks.join('; ')}`);
    }
  }
  return versions;
}

function versionFiles(folder: string): Array<{ version: number; name: string }> {
  const files: Array<{ version: number; name: string }> = [];
  for (const name of readdirSync(folder)) {
    const version = VERSION_FILE.exec(name)?.[1];
    if (version !== undefined) {
      files.push({ version: Number(version), name });
    } else if (name !== EVENT_FILE && name !== EXAMPLES_FOLDER && !name.startsWith('.')) {
      throw new ContractError(
        join(folder, name),
        0,
        'unknown file; allowed are event.yaml, v<number>.proto, examples/',
      );
    }
  }
  files.sort((a, b) => a.version - b.version);
  const missing = files.findIndex(({ version }, index) => version !== index + 1);
  if (files.length === 0 || missing >= 0) {
    throw new ContractError(
      folder,
      0,
      `v${Math.max(missing, 0) + 1}.proto is missing; versions count up from v1.proto`,
    );
  }
  return files;
}

function checkKeyField(folder: string, name: string | null, message: MessageType): void {
  const field = message.fields.find((candidate) => candidate.name === name);
  const scalar = field?.type.kind === 'scalar' ? field.type.scalar : 'no scalar';
  const usable = field?.cardinality === 'required' && (scalar === 'string' || /int|fixed/.test(scalar));
  if (name !== null && !usable) {
    const reason = `keyField: "${name}" is not a required string or integer field of ${message.name}`;
    throw new ContractError(join(folder, EVENT_FILE), 0, reason);
  }
}

function checkEventTimeField(folder: string, name: string | null, message: MessageType): void {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (name !== null && !(field?.cardinality === 'required' && field.type.kind === 'timestamp')) {
    const reason = `eventTimeField: "${name}" is not a required google.protobuf.Timestamp field of ${message.name}`;
    throw new ContractError(join(folder, EVENT_FILE), 0, reason);
  }
}
