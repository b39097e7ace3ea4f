/** Every type of column through a file into a warehouse and back. */
import type { ObjectStore } from '../../../pipeline/ports.ts';
import { commitRows, type Row } from '../load/lake-fixture.ts';
import { EVERY_TYPE, EVERY_TYPE_ROWS } from '../ports/every-type.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf, type WarehouseUnderTest } from '../ports/warehouse-suite.ts';

/** @param expected the second of the rows, as the warehouse's query gives it; the first has nulls. */
export function typesSuite(
  name: string,
  create: (lake: ObjectStore) => Promise<WarehouseUnderTest>,
  expected: Row,
): void {
  test(`${name}: load keeps the values of every type`, async () => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const load = await commitRows(lake, EVERY_TYPE, 0, EVERY_TYPE_ROWS);
    expect(await warehouse.load(tableOf(EVERY_TYPE), [load])).toMatchObject({ loaded: 1, rows: 2 });
    const [nulls, values] = await query('SELECT * FROM order_created ORDER BY _offset');
    const none = Object.fromEntries(Object.keys(expected).map((column) => [column, null]));
    expect(nulls).toMatchObject(none);
    expect(values).toMatchObject(expected);
  });
}
