/** `examples/`: payloads that the newest schema version must accept or refuse. They are the contract's own tests. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ExactJson, exactJson } from '../json/exact-json.ts';
import { repeatedField } from '../json/repeated-names.ts';
import { compilePayloadEncoder } from '../payload/payload-encoder.ts';
import { repeatedIssue } from '../payload/payload-issue.ts';
import type { SchemaVersion } from './compiled-contract.ts';
import { ContractError } from './contract-error.ts';
import { readText } from './read-text.ts';
import type { ValueLimits } from './value-limits.ts';

/**
 * @param folder may be absent.
 * @param limits of the event's warehouse, within which payloads must be too.
 * @throws ContractError when a file is not called valid-*.json or invalid-*.json, is not JSON, or is not what it says.
 */
export function checkExamples(folder: string, newest: SchemaVersion, limits?: ValueLimits): void {
  const encode = compilePayloadEncoder(newest, limits);
  for (const name of existsSync(folder) ? visibleFiles(folder) : []) {
    const file = join(folder, name);
    const expected = /^(valid|invalid)-.+\.json$/.exec(name)?.[1];
    if (expected === undefined) {
      throw new ContractError(file, 0, 'an example is called valid-<what>.json or invalid-<what>.json');
    }
    const { value, repeated } = parseJson(file);
    const result = repeated[0] ? { issues: [repeatedIssue(repeatedField(repeated[0]))] } : encode(value);
    if (expected === 'valid' && 'issues' in result) {
      const { path, reason } = result.issues[0] ?? { path: '', reason: 'refused' };
      throw new ContractError(file, 0, `refused by the schema: ${path === '' ? 'the payload' : path} ${reason}`);
    }
    if (expected === 'invalid' && 'bytes' in result) {
      throw new ContractError(file, 0, 'accepted by the schema, although its name says invalid');
    }
  }
}

const visibleFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();

function parseJson(file: string): ExactJson {
  const text = readText(file);
  try {
    return exactJson(Buffer.from(text), text, JSON.parse(text));
  } catch (error) {
    throw new ContractError(file, 0, error instanceof Error ? error.message : String(error));
  }
}
