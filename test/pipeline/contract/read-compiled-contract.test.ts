import { readCompiledContract } from '../../../pipeline/contract/read-compiled-contract.ts';
import { orderContract } from '../ingest/order-events.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';

async function read(contract: object) {
  const store = memoryObjectStore(() => 0);
  await store.put('contract.json', Buffer.from(JSON.stringify(contract)));
  return readCompiledContract(store, 'contract.json');
}

test('readCompiledContract: is what was compiled', async () => {
  expect(await read(orderContract)).toEqual(orderContract);
});

test('readCompiledContract: versions that name no format are of Protobuf', async () => {
  const versions = orderContract.versions.map(({ format, ...version }) => version);
  expect(await read({ ...orderContract, versions })).toEqual(orderContract);
});

test('readCompiledContract: refuses what a newer Headrace compiled', async () => {
  await expect(read({ ...orderContract, format: 2 })).rejects.toThrow('it has format 2, allowed is 1');
  const versions = [{ format: 'thrift', version: 1, definition: '' }];
  await expect(read({ ...orderContract, versions })).rejects.toThrow('in thrift, allowed are protobuf, avro, json');
});
