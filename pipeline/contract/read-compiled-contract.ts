/** A function's first step: the compiled contract of its event, from the bucket of deployment assets. */
import { UnknownFormatError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { COMPILED_CONTRACT_FORMAT, type CompiledContract } from './compiled-contract.ts';

/** @throws ObjectNotFoundError, or UnknownFormatError when a newer version of Headrace compiled it. */
export async function readCompiledContract(store: ObjectStore, key: string): Promise<CompiledContract> {
  const contract = JSON.parse(Buffer.from(await store.get(key)).toString('utf8')) as CompiledContract;
  if (contract.format !== COMPILED_CONTRACT_FORMAT) {
    const reason = `it has format ${contract.format}, allowed is ${COMPILED_CONTRACT_FORMAT}; deploy the functions again`;
    throw new UnknownFormatError(`the contract ${key}`, reason);
  }
  return contract;
}
