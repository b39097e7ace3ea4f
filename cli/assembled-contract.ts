/** The contract of an event as its stack was synthesized with it. */
import { readFile } from 'node:fs/promises';
import type { AssemblyStack } from '../local/assembly.ts';
import type { CompiledContract } from '../pipeline/contract/compiled-contract.ts';
import { readCompiledContract } from '../pipeline/contract/read-compiled-contract.ts';
import { CommandError } from './command-error.ts';

/** By the key that the stack's functions read it from. @throws CommandError when the stack is no event's. */
export async function assembledContract({ name, template, assets }: AssemblyStack): Promise<CompiledContract> {
  const environments = Object.values(template.Resources ?? {}).map(({ Properties }) => Properties?.['Environment']);
  const keys = environments.map((environment) => (environment as Environment | undefined)?.Variables?.['CONTRACT_KEY']);
  const asset = assets.find(({ key }) => keys.includes(key));
  if (asset === undefined) {
    throw new CommandError(`Cannot read the contract of "${name}": its stack has none, it must be an event's`);
  }
  return readCompiledContract({ get: () => readFile(asset.path) }, asset.key);
}

interface Environment {
  readonly Variables?: Readonly<Record<string, unknown>>;
}
