/** `headrace check`: every contract compiled, without synthesizing anything. */
import { checkTables } from '../pipeline/contract/check-tables.ts';
import type { CompiledContract } from '../pipeline/contract/compiled-contract.ts';
import { ContractError } from '../pipeline/contract/contract-error.ts';
import { eventFolders, loadContract } from '../pipeline/contract/load-contract.ts';
import { quantity } from './quantity.ts';

/** @returns the exit code: 1 when a contract is wrong; all of them are looked at. */
export function check(schemasDir = 'schemas'): number {
  const contracts: CompiledContract[] = [];
  const mistakes = [
    ...eventFolders(schemasDir).map((folder) => mistakeIn(() => contracts.push(loadContract(folder)))),
    mistakeIn(() => checkTables(schemasDir, contracts)),
  ].filter((mistake) => mistake !== undefined);
  for (const { event, owner, versions } of contracts) {
    console.log(`${event}: fine (${quantity(versions.length, 'version')}, owner ${owner})`);
  }
  for (const mistake of mistakes) {
    console.error(mistake);
  }
  return mistakes.length > 0 ? 1 : 0;
}

function mistakeIn(step: () => unknown): string | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (error instanceof ContractError) {
      return error.message;
    }
    throw error;
  }
}
