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

test('readCompiledContract: refuses what another version of Headrace compiled', async () => {
  await expect(read({ ...orderContract, format: 1 })).rejects.toThrow('it has format 1, allowed is 2');
  await expect(read({ ...orderContract, format: 3 })).rejects.toThrow('it has format 3, allowed is 2');
});
