/** `headrace check`: every contract compiled, without synthesizing anything. */
import { ContractError } from '../pipeline/contract/contract-error.ts';
import { eventFolders, loadContract } from '../pipeline/contract/load-contract.ts';

/** @returns the exit code: 1 when a contract is wrong; all of them are looked at. */
export function check(schemasDir = 'schemas'): number {
  let wrong = 0;
  for (const folder of eventFolders(schemasDir)) {
    try {
      const { event, owner, versions } = loadContract(folder);
      console.log(
        `${event}: fine (${versions.length} ${versions.length === 1 ? 'version' : 'versions'}, owner ${owner})`,
      );
    } catch (error) {
      if (!(error instanceof ContractError)) {
        throw error;
      }
      console.error(error.message);
      wrong++;
    }
  }
  return wrong > 0 ? 1 : 0;
}
