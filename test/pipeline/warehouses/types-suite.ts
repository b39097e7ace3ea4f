/** Every type of column through a file into a warehouse and back. */
import type { ObjectStore } from '../../../pipeline/ports.ts';
import { commitRows, type Row } from '../load/lake-fixture.ts';
import { EVERY_TYPE, EVERY_TYPE_ROWS } from '../ports/every-type.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf, type WarehouseUnderTest } from '../ports/warehouse-suite.ts';

/** The second of the rows, as most of the queries give it; the first has nulls. */
const VALUES: Row = {
  flag: true,
  tiny: -128,
  short: 65_535,
  number: -(2 ** 31),
  naturals: '4294967295',
  long: '9223372036854775807',
  huge: '18446744073709551615',
  single: 0.5,
  dual: 0.1,
  name: 'it\'s ü \\ "quoted"',
  color: 'RED',
  raw: '00ff',
  attributes: { a: [1, null, 'x'] },
  day: '2024-10-04',
  price: '-1234567890.12',
  happened: '2023-11-14 22:13:20.123456+00:00',
  one: { n: 1, t: 'a' },
  many: [{ n: 1, t: 'a' }],
  named: { k: { n: 1, t: 'a' } },
};

/** @param otherwise values that this warehouse's query gives in another form. @default none */
export function typesSuite(
  name: string,
  create: (lake: ObjectStore) => Promise<WarehouseUnderTest>,
  otherwise: Row = {},
): void {
  const expected = { ...VALUES, ...otherwise };
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
