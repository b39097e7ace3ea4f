/** A function's first step: the compiled contract of its event, from the bucket of deployment assets. */
import { UnknownFormatError } from '../errors.ts';
import { PAYLOAD_FORMATS } from '../payload/payload-format.ts';
import type { ObjectStore } from '../ports.ts';
import { COMPILED_CONTRACT_FORMAT, type CompiledContract, type SchemaVersion } from './compiled-contract.ts';

/** @throws ObjectNotFoundError, or UnknownFormatError when a newer version of Headrace compiled it. */
export async function readCompiledContract(store: ObjectStore, key: string): Promise<CompiledContract> {
  const contract = JSON.parse(Buffer.from(await store.get(key)).toString('utf8')) as CompiledContract;
  if (contract.format !== COMPILED_CONTRACT_FORMAT) {
    const reason = `it has format ${contract.format}, allowed is ${COMPILED_CONTRACT_FORMAT}; deploy the functions again`;
    throw new UnknownFormatError(`the contract ${key}`, reason);
  }
  return { ...contract, versions: contract.versions.map((version) => knownVersion(key, version)) };
}

/** Contracts that were compiled when Protobuf was all there was say nothing of a format. */
function knownVersion(key: string, version: SchemaVersion | Omit<SchemaVersion, 'format'>): SchemaVersion {
  const known = { format: 'protobuf', ...version } as SchemaVersion;
  if (known.format in PAYLOAD_FORMATS) {
    return known;
  }
  const allowed = Object.keys(PAYLOAD_FORMATS).join(', ');
  const reason = `its payloads are in ${known.format}, allowed are ${allowed}; deploy the functions again`;
  throw new UnknownFormatError(`the contract ${key}`, reason);
}
