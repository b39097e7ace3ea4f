/** A function's first step: the compiled contract of its event, from the bucket of deployment assets. */
import { UnknownFormatError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { COMPILED_CONTRACT_FORMAT, type CompiledContract } from './compiled-contract.ts';

/** @throws ObjectNotFoundError, or UnknownFormatError when another version of Headrace compiled it. */
export async function readCompiledContract(store: Pick<ObjectStore, 'get'>, key: string): Promise<CompiledContract> {
  const contract = JSON.parse(Buffer.from(await store.get(key)).toString('utf8')) as CompiledContract;
  if (contract.format !== COMPILED_CONTRACT_FORMAT) {
    const allowed = `allowed is ${COMPILED_CONTRACT_FORMAT}; deploy the platform and the event with one version`;
    throw new UnknownFormatError(`the contract ${key}`, `it has format ${contract.format}, ${allowed}`);
  }
  return contract;
}
