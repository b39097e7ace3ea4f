/** `examples/`: payloads that the newest schema version must accept or refuse. They are the contract's own tests. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ExactJson, exactJson } from '../json/exact-json.ts';
import { repeatedField } from '../json/repeated-names.ts';
import { compilePayloadEncoder } from '../payload/payload-encoder.ts';
import { repeatedIssue } from '../payload/payload-issue.ts';
import type { JsonEncoder } from '../protobuf/encode-json.ts';
import type { SchemaVersion } from './compiled-contract.ts';
import { ContractError } from './contract-error.ts';
import { jsonLine, syntaxErrorLine } from './json-line.ts';
import { readText } from './read-text.ts';
import type { ValueLimits } from './value-limits.ts';

/**
 * @param folder may be absent.
 * @param limits of the event's warehouse, within which payloads must be too.
 * @throws ContractError for every file that is not called valid-*.json or invalid-*.json, is not JSON, or is not what
 * it says.
 */
export function checkExamples(folder: string, newest: SchemaVersion, limits?: ValueLimits): void {
  const encode = compilePayloadEncoder(newest, limits);
  const names = existsSync(folder) ? visibleFiles(folder) : [];
  ContractError.throwAll(names.flatMap((name) => mistakeIn(join(folder, name), encode) ?? []));
}

function mistakeIn(file: string, encode: JsonEncoder): ContractError | undefined {
  const expected = /^(valid|invalid)-.+\.json$/.exec(basename(file))?.[1];
  if (expected === undefined) {
    return new ContractError(file, 0, 'an example is called valid-<what>.json or invalid-<what>.json');
  }
  const text = readText(file);
  const payload = parseJson(text);
  if (payload instanceof SyntaxError) {
    return new ContractError(file, syntaxErrorLine(text), payload.message);
  }
  const [repeated] = payload.repeated;
  const result = repeated ? { issues: [repeatedIssue(repeatedField(repeated))] } : encode(payload.value);
  if (expected === 'valid' && 'issues' in result) {
    const { path, reason } = result.issues[0] ?? { path: '', reason: 'refused' };
    const subject = path === '' ? 'the payload' : path;
    return new ContractError(file, jsonLine(text, path), `refused by the schema: ${subject} ${reason}`);
  }
  if (expected === 'invalid' && 'bytes' in result) {
    return new ContractError(file, 0, 'accepted by the schema, although its name says invalid');
  }
  return undefined;
}

const visibleFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();

function parseJson(text: string): ExactJson | SyntaxError {
  try {
    return exactJson(Buffer.from(text), text, JSON.parse(text));
  } catch (error) {
    return error as SyntaxError;
  }
}
