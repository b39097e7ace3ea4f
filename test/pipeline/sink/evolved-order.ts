/** `order_created` with a second version that adds a field at the top and one inside the items. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import { loadContract } from '../../../pipeline/contract/load-contract.ts';
import { orderContract, orderData } from '../ingest/order-events.ts';

export const SECOND_VERSION_ID = '99999999-aaaa-4bbb-8ccc-ddddeeeeffff';

/** @param folder in which the event's folder is made; the test removes it. */
export async function evolvedOrder(folder: string): Promise<CompiledContract> {
  const event = join(folder, 'order_created');
  await mkdir(join(event, 'examples'), { recursive: true });
  const v1 = orderContract.versions[0]?.definition ?? '';
  const v2 = v1
    .replace('map<string, string> labels = 7;', 'map<string, string> labels = 7;\n  optional string note = 8;')
    .replace('int64 price_cents = 3;', 'int64 price_cents = 3;\n    optional bool gift = 4;');
  await writeFile(join(event, 'v1.proto'), v1);
  await writeFile(join(event, 'v2.proto'), v2);
  await writeFile(join(event, 'event.yaml'), 'description: Orders.\nowner: checkout\nkeyField: order_id\n');
  await writeFile(join(event, 'examples', 'valid-one.json'), JSON.stringify(orderData()));
  return loadContract(event);
}
