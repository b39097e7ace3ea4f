/** What every adapter of the `Warehouse` port must do. */
import type { Column } from '../../../pipeline/contract/column.ts';
import type { ObjectStore, Warehouse, WarehouseTable } from '../../../pipeline/ports.ts';
import { checksumOf, commitRows, IDENTITY, PLACE, type Row } from '../load/lake-fixture.ts';
import { memoryObjectStore } from './memory-object-store.ts';

/** An empty warehouse, and a way to ask it. Rows come back as JSON values, with integers of 64 bits as text. */
export interface WarehouseUnderTest {
  readonly warehouse: Warehouse;
  /** The same warehouse from another function instance, where several can use it at once. */
  readonly other?: Warehouse;
  query(sql: string): Promise<Row[]>;
}

/** In what warehouses may differ. */
export interface WarehouseTraits {
  /** What a nested value has for a field that was added after its file was written. */
  readonly newField: 'null' | 'nothing';
  /** How a map is read back. */
  readonly maps: 'entries' | 'object';
  /** Whether any text can be the name of a table or a column. */
  readonly anyName: boolean;
}

const TEXT: Column = { name: 'text', type: { kind: 'string' }, nullable: true };
const field = (name: string): Column => ({ name, type: { kind: 'int', bits: 32, signed: true }, nullable: true });
const struct = (name: string, ...fields: Column[]): Column => ({
  name,
  type: { kind: 'struct', fields },
  nullable: true,
});

/** The columns before and after a field was added at the top and inside a struct, a list and a map. */
const nested = (...fields: Column[]): Column[] => [
  ...PLACE,
  struct('one', ...fields),
  { name: 'many', type: { kind: 'list', element: struct('element', ...fields) }, nullable: true },
  {
    name: 'named',
    type: { kind: 'map', key: { ...TEXT, name: 'key', nullable: false }, value: struct('value', ...fields) },
    nullable: true,
  },
];
const V1 = nested(field('a'));
const V2 = [...nested(field('a'), field('b')), TEXT];

export const tableOf = (columns: readonly Column[], changes: Partial<WarehouseTable> = {}): WarehouseTable => ({
  event: 'order_created',
  table: 'order_created',
  schemaVersion: 1,
  columns,
  ...changes,
});

type Create = (lake: ObjectStore) => Promise<WarehouseUnderTest>;

/** Declares the tests. @param create is called once for each test. */
export function warehouseSuite(name: string, create: Create, traits: WarehouseTraits): void {
  loadSuite(name, create);
  schemaSuite(name, create, traits);
  auditSuite(name, create);
  renameSuite(name, create);
  rebuildSuite(name, create);
}

function loadSuite(name: string, create: Create): void {
  const table = tableOf([...PLACE, TEXT]);

  test(`${name}: load writes rows once, however often and in whatever company a commit comes`, async () => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const first = await commitRows(lake, table.columns, 0, [{ text: 'a' }, { text: null }]);
    const second = await commitRows(lake, table.columns, 2, [{ text: 'ü' }]);
    expect(await warehouse.load(table, [second])).toEqual({ loaded: 1, skipped: 0, rows: 1, running: [] });
    expect(await warehouse.load(table, [first, second])).toEqual({ loaded: 1, skipped: 1, rows: 2, running: [] });
    expect(await warehouse.load(table, [first, second])).toEqual({ loaded: 0, skipped: 2, rows: 0, running: [] });
    expect(await query('SELECT _offset, text FROM order_created ORDER BY _offset')).toEqual([
      { _offset: '0', text: 'a' },
      { _offset: '1', text: null },
      { _offset: '2', text: 'ü' },
    ]);
  });

  test(`${name}: load of a commit without files, all dead letters, is recorded and writes nothing`, async () => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const load = await commitRows(lake, table.columns, 0, [], { files: [], last: 4, next: 5 });
    expect(await warehouse.load(table, [load])).toEqual({ loaded: 1, skipped: 0, rows: 0, running: [] });
    expect(await warehouse.load(table, [load])).toEqual({ loaded: 0, skipped: 1, rows: 0, running: [] });
    expect(await query('SELECT * FROM order_created')).toEqual([]);
  });

  test.each([
    ['a file that is missing', { key: 'data/missing.parquet', rows: 1, bytes: 1 }, /missing/],
    ['a file that is cut off', { key: 'data/cut.parquet', rows: 1, bytes: 1 }, /./],
  ])(`${name}: load writes nothing at all when one commit names %s`, async (_, file, reason) => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const good = await commitRows(lake, table.columns, 0, [{ text: 'a' }]);
    const whole = lake.objects.get(good.commit.files[0]?.key ?? '') ?? new Uint8Array();
    await lake.put('data/cut.parquet', whole.subarray(0, whole.length - 20));
    const bad = await commitRows(lake, table.columns, 1, [{ text: 'b' }], { files: [file] });
    await expect(warehouse.load(table, [good, bad])).rejects.toThrow(reason);
    expect(await warehouse.load(table, [good])).toEqual({ loaded: 1, skipped: 0, rows: 1, running: [] });
    expect(await query('SELECT text FROM order_created')).toEqual([{ text: 'a' }]);
  });

  test(`${name}: load takes rows back when a later commit of the transaction counts other rows than its file has`, async () => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const good = await commitRows(lake, table.columns, 0, [{ text: 'a' }]);
    const bad = await commitRows(lake, table.columns, 1, [{ text: 'b' }], { rows: 2 });
    await expect(warehouse.load(table, [good, bad])).rejects.toThrow('its files hold 1 rows, it counts 2');
    expect(await warehouse.load(table, [good])).toEqual({ loaded: 1, skipped: 0, rows: 1, running: [] });
    expect(await query('SELECT text FROM order_created')).toEqual([{ text: 'a' }]);
  });

  test(`${name}: load writes rows once when function instances load the same commits at once`, async () => {
    const lake = memoryObjectStore();
    const { warehouse, other = warehouse, query } = await create(lake);
    const loads = await Promise.all(
      [0, 2, 4, 6].map((start) => commitRows(lake, table.columns, start, [{ text: 'a' }, { text: 'b' }])),
    );
    if (other === warehouse) {
      await warehouse.load(table, loads);
    } else {
      // Both know the table, so that their loads begin in step.
      await warehouse.load(table, loads.slice(0, 1));
      await other.load(table, loads.slice(0, 1));
      await Promise.all([warehouse.load(table, loads), other.load(table, loads.slice(2))]);
    }
    await warehouse.load(table, loads);
    await other.load(table, loads);
    const text = (count: string) => `CAST(${count} AS VARCHAR(20))`;
    const counts = `SELECT ${text('count(*)')} AS n, ${text('count(DISTINCT _offset)')} AS d FROM order_created`;
    expect(await query(counts)).toEqual([{ n: '8', d: '8' }]);
    expect(await warehouse.ledger(table)).toHaveLength(4);
  });
}

function schemaSuite(name: string, create: Create, traits: WarehouseTraits): void {
  test(`${name}: load widens the table at the top and inside structs, lists and maps, and keeps its rows`, async () => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const row = (value: object): Row => ({ one: value, many: [value], named: { k: value } });
    const [one, two] = [tableOf(V1), tableOf(V2, { schemaVersion: 2 })];
    const first = await commitRows(lake, V1, 0, [row({ a: 1 })]);
    const second = await commitRows(lake, V2, 1, [{ ...row({ a: 2, b: 3 }), text: 'new' }], { schemaVersion: 2 });
    const late = await commitRows(lake, V1, 2, [row({ a: 4 })]);
    await warehouse.load(one, [first]);
    await warehouse.load(two, [second]);
    // A loader of the older version, still warm during the deployment.
    await warehouse.load(one, [late]);
    const sql = 'SELECT one, many, named, text FROM order_created ORDER BY _offset';
    const later = traits.newField === 'null' ? { b: null } : {};
    const read = (value: object, text: string | null): Row => ({
      one: value,
      many: [value],
      named: traits.maps === 'entries' ? [{ key: 'k', value }] : { k: value },
      text,
    });
    expect(await query(sql)).toEqual([
      read({ a: 1, ...later }, null),
      read({ a: 2, b: 3 }, 'new'),
      read({ a: 4, ...later }, null),
    ]);
  });

  test(`${name}: load refuses a commit of a newer schema version, whose new fields it would drop`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    const newer = await commitRows(lake, V2, 0, [{ one: { a: 1, b: 2 } }], { schemaVersion: 2 });
    await expect(warehouse.load(tableOf(V1), [newer])).rejects.toThrow(
      'it has schema version 2, the loader knows 1; deploy the loader',
    );
  });

  test(`${name}: load keeps the ledgers of events apart${traits.anyName ? ', and quotes every name' : ''}`, async () => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const column = traits.anyName ? 'select "x"; --' : 'note';
    const columns: Column[] = [...PLACE, { ...TEXT, name: column }];
    const load = await commitRows(lake, columns, 0, [{ [column]: "it's" }]);
    for (const name of traits.anyName ? ['order', 'a"b; drop', "it's"] : ['order', 'table', 'select']) {
      const other = tableOf(columns, { event: name, table: name });
      expect(await warehouse.load(other, [load])).toEqual({ loaded: 1, skipped: 0, rows: 1, running: [] });
      expect(await warehouse.load(other, [load])).toEqual({ loaded: 0, skipped: 1, rows: 0, running: [] });
      const [quotedColumn, quotedTable] = [column, name].map((text) => `"${text.replaceAll('"', '""')}"`);
      const rows = await query(`SELECT _offset, ${quotedColumn} FROM ${quotedTable}`);
      expect(rows).toEqual([{ _offset: '0', [column]: "it's" }]);
    }
  });
}

function renameSuite(name: string, create: Create): void {
  test(`${name}: load begins another table of the event anew, and the ledger keeps the two apart`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    const renamed: WarehouseTable = { ...audited, table: 'orders' };
    const loads = [await commitRows(lake, IDENTITY, 0, [{}, {}]), await commitRows(lake, IDENTITY, 2, [{}])];
    const range = { partition: 0, first: 0, next: 3 };
    const end = { partition: 0, first: 3, next: Number.MAX_SAFE_INTEGER };
    await warehouse.load(audited, loads);
    expect(await warehouse.ledger(renamed)).toEqual([]);
    expect(await warehouse.load(renamed, loads.slice(0, 1))).toMatchObject({ loaded: 1, skipped: 0 });
    expect(await warehouse.load(renamed, loads)).toMatchObject({ loaded: 1, skipped: 1 });
    expect(await warehouse.load(audited, loads)).toMatchObject({ loaded: 0, skipped: 2 });
    for (const table of [audited, renamed]) {
      expect(await warehouse.offsetsOf(table, range)).toEqual([0, 1, 2]);
      expect(await warehouse.ledger(table)).toHaveLength(2);
      expect(await warehouse.holes(table, [{ ...end, first: 0 }])).toEqual([end]);
    }
    await warehouse.load(shadow, loads);
    expect(await warehouse.replace(renamed, shadow, 'all')).toEqual([]);
    await warehouse.drop(audited);
    expect(await warehouse.ledger(renamed)).toHaveLength(2);
    expect(await warehouse.offsetsOf(renamed, range)).toEqual([0, 1, 2]);
  });
}

const audited = tableOf(IDENTITY);
const shadow: WarehouseTable = { ...audited, event: 'order_created#rebuild', table: 'order_created__rebuild' };
const measured = (rows: number, partition: number, ...offsets: number[]) => ({
  rows,
  offsets: offsets.length,
  checksum: BigInt(offsets.reduce((sum, offset) => sum + checksumOf(partition, offset), 0)),
  placed: offsets.reduce((sum, offset) => sum + placedAt(partition, offset), 0n),
});
/** The checksum of one offset's record in the place of another's. */
const placedAt = (partition: number, offset: number, place = offset): bigint =>
  BigInt(checksumOf(partition, offset)) * BigInt(place % 2 ** 32);

function auditSuite(name: string, create: Create): void {
  test(`${name}: ledger, measure and offsetsOf and outside find nothing before the first load`, async () => {
    const { warehouse } = await create(memoryObjectStore());
    const range = { partition: 0, first: 0, next: 10 };
    expect(await warehouse.ledger(audited)).toEqual([]);
    expect(await warehouse.measure(audited, [range])).toEqual([measured(0, 0)]);
    expect(await warehouse.offsetsOf(audited, range)).toEqual([]);
    expect(await warehouse.outside(audited, [range])).toEqual([]);
    await warehouse.drop(audited);
  });

  test(`${name}: ledger lists the commits that were loaded, by partition and start`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    const loads = [
      await commitRows(lake, IDENTITY, 10, [{}], { partition: 1 }),
      await commitRows(lake, IDENTITY, 3, [{}, {}], { next: 9 }),
      await commitRows(lake, IDENTITY, 0, [{}, {}, {}]),
    ];
    await warehouse.load(audited, loads);
    const entry = (partition: number, start: number, next: number, rows: number, at: number) => ({
      commitKey: loads[at]?.commitKey,
      partition,
      start,
      next,
      rows,
    });
    expect(await warehouse.ledger(audited)).toEqual([
      entry(0, 0, 3, 3, 2),
      entry(0, 3, 9, 2, 1),
      entry(1, 10, 11, 1, 0),
    ]);
    const ranges = [
      { partition: 0, first: 1, next: 4 },
      { partition: 1, first: 11, next: 99 },
    ];
    expect(await warehouse.ledger(audited, ranges)).toEqual([entry(0, 3, 9, 2, 1)]);
    expect(await warehouse.ledger(audited, [])).toEqual([]);
    expect(await warehouse.ledger(shadow)).toEqual([]);
  });

  test(`${name}: holes are what the ledger leaves uncovered of the ranges, at their ends too`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    const whole = [0, 1, 2].map((partition) => ({ partition, first: 0, next: Number.MAX_SAFE_INTEGER }));
    expect(await warehouse.holes(audited, whole)).toEqual(whole);
    await warehouse.load(audited, [
      await commitRows(lake, IDENTITY, 0, [{}, {}, {}]),
      await commitRows(lake, IDENTITY, 3, [{}], { next: 9 }),
      await commitRows(lake, IDENTITY, 10, [{}]),
      await commitRows(lake, IDENTITY, 20, [{}], { partition: 1 }),
    ]);
    await warehouse.load(shadow, [await commitRows(lake, IDENTITY, 9, [{}])]);
    const hole = (partition: number, first: number, next = Number.MAX_SAFE_INTEGER) => ({ partition, first, next });
    const all = [hole(0, 9, 10), hole(0, 11), hole(1, 0, 20), hole(1, 21), hole(2, 0)];
    expect(await warehouse.holes(audited, whole)).toEqual(all);
    expect(await warehouse.holes(audited, [hole(0, 10), hole(1, 20)])).toEqual([hole(0, 11), hole(1, 21)]);
    expect(await warehouse.holes(audited, [])).toEqual([]);
  });

  test(`${name}: measure counts rows, different offsets and checksums of each range in their order`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    await warehouse.load(audited, [
      await commitRows(lake, IDENTITY, 0, [{}, {}, {}]),
      await commitRows(lake, IDENTITY, 5, [{}, { _offset: 5, _checksum: checksumOf(0, 5) }]),
      await commitRows(lake, IDENTITY, 0, [{}], { partition: 1 }),
    ]);
    const ranges = [
      { partition: 1, first: 0, next: Number.MAX_SAFE_INTEGER },
      { partition: 0, first: 5, next: 7 },
      { partition: 0, first: 0, next: 3 },
      { partition: 0, first: 3, next: 5 },
      { partition: 2, first: 0, next: 5 },
    ];
    const [one, two, three, ...empty] = await warehouse.measure(audited, ranges);
    expect(one).toEqual(measured(1, 1, 0));
    expect(two).toEqual({ rows: 2, offsets: 1, checksum: 2n * BigInt(checksumOf(0, 5)), placed: 2n * placedAt(0, 5) });
    expect(three).toEqual(measured(3, 0, 0, 1, 2));
    expect(empty).toEqual([measured(0, 0), measured(0, 0)]);
    expect(await warehouse.offsetsOf(audited, { partition: 0, first: 1, next: 7 })).toEqual([1, 2, 5, 5]);
    expect(await warehouse.measure(audited, [])).toEqual([]);
  });

  test(`${name}: measure tells rows that have changed places apart, at offsets of more than 32 bits too`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    const start = 3 * 2 ** 32 - 2;
    const offsets = [start, start + 1, start + 2];
    const range = { partition: 0, first: start, next: start + 3 };
    const [_checksum, other] = [2 ** 31 - 1, -(2 ** 31)];
    const rows = [{ _checksum }, { _checksum: other }, { _checksum: 7 }];
    await warehouse.load(audited, [await commitRows(lake, IDENTITY, start, rows)]);
    const [a = 0n, b = 0n, c = 0n] = offsets.map((offset) => BigInt(offset % 2 ** 32));
    const sums = { checksum: 6n, placed: BigInt(_checksum) * a + BigInt(other) * b + 7n * c };
    expect(await warehouse.measure(audited, [range])).toEqual([{ rows: 3, offsets: 3, ...sums }]);
    const swapped = [rows[1], rows[0], rows[2]].map((row) => row as object as Row);
    await warehouse.load(shadow, [await commitRows(lake, IDENTITY, start, swapped)]);
    const placed = BigInt(other) * a + BigInt(_checksum) * b + 7n * c;
    expect(await warehouse.measure(shadow, [range])).toEqual([{ rows: 3, offsets: 3, checksum: 6n, placed }]);
  });

  test(`${name}: outside counts the rows in none of the ranges, by partition`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    await warehouse.load(audited, [
      await commitRows(lake, IDENTITY, 0, [{}, {}, {}, {}]),
      await commitRows(lake, IDENTITY, 5, [{}, {}], { partition: 1 }),
      await commitRows(lake, IDENTITY, 9, [{}], { partition: 3 }),
    ]);
    const ranges = [
      { partition: 0, first: 0, next: 2 },
      { partition: 3, first: 0, next: 10 },
    ];
    const one = { partition: 1, rows: 2, first: 5, last: 6 };
    expect(await warehouse.outside(audited, ranges)).toEqual([{ partition: 0, rows: 2, first: 2, last: 3 }, one]);
    expect((await warehouse.outside(audited, [])).map(({ rows }) => rows)).toEqual([4, 2, 1]);
  });
}

function rebuildSuite(name: string, create: Create): void {
  test(`${name}: replace puts all of the shadow in the place of the table`, async () => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const wrong = await commitRows(lake, IDENTITY, 0, [{ _offset: 7 }], { next: 8 });
    const right = await commitRows(lake, IDENTITY, 0, [{}]);
    const second = await commitRows(lake, IDENTITY, 1, [{}, {}]);
    await warehouse.load(audited, [wrong]);
    await warehouse.load(shadow, [right, second]);
    expect(await warehouse.replace(audited, shadow, 'all')).toEqual([]);
    expect(await warehouse.offsetsOf(audited, { partition: 0, first: 0, next: 10 })).toEqual([0, 1, 2]);
    expect((await warehouse.ledger(audited)).map(({ start }) => start)).toEqual([0, 1]);
    expect(await warehouse.ledger(shadow)).toEqual([]);
    await expect(query('SELECT * FROM order_created__rebuild')).rejects.toThrow();
    expect(await warehouse.load(audited, [right, second])).toMatchObject({ loaded: 0, skipped: 2 });
  });

  test(`${name}: replace of ranges leaves the rest of the table, and takes rows that no commit explains away`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    const loads = [
      await commitRows(lake, IDENTITY, 0, [{}, {}]),
      await commitRows(lake, IDENTITY, 2, [{}, { _offset: 2 }]),
      await commitRows(lake, IDENTITY, 2, [{}], { partition: 1 }),
    ];
    await warehouse.load(audited, loads);
    const right = await commitRows(lake, IDENTITY, 2, [{}, {}]);
    await warehouse.load(shadow, [right]);
    expect(await warehouse.replace(audited, shadow, [{ partition: 0, first: 2, next: 4 }])).toEqual([]);
    const all = { first: 0, next: 10 };
    expect(await warehouse.offsetsOf(audited, { partition: 0, ...all })).toEqual([0, 1, 2, 3]);
    expect(await warehouse.offsetsOf(audited, { partition: 1, ...all })).toEqual([2]);
    expect(await warehouse.ledger(audited)).toHaveLength(3);
    expect(await warehouse.ledger(shadow)).toEqual([]);
  });

  test(`${name}: replace changes nothing when the table has loaded what the shadow lacks`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    const first = await commitRows(lake, IDENTITY, 0, [{}]);
    const second = await commitRows(lake, IDENTITY, 1, [{}, {}]);
    await warehouse.load(audited, [first, second]);
    await warehouse.load(shadow, [first]);
    expect(await warehouse.replace(audited, shadow, 'all')).toEqual([second.commitKey]);
    const later = { partition: 0, first: 1, next: 3 };
    expect(await warehouse.replace(audited, shadow, [later])).toEqual([second.commitKey]);
    expect(await warehouse.offsetsOf(audited, later)).toEqual([1, 2]);
    expect(await warehouse.offsetsOf(shadow, { partition: 0, first: 0, next: 3 })).toEqual([0]);
  });

  test(`${name}: replace with a shadow of no commits empties a table of none`, async () => {
    const { warehouse } = await create(memoryObjectStore());
    expect(await warehouse.replace(audited, shadow, 'all')).toEqual([]);
    expect(await warehouse.ledger(audited)).toEqual([]);
  });

  test(`${name}: foreignColumns are those that the table has and the event has not`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    expect(await warehouse.foreignColumns(audited)).toEqual([]);
    const wider = tableOf([...IDENTITY, TEXT]);
    await warehouse.load(wider, [await commitRows(lake, wider.columns, 0, [{}])]);
    expect(await warehouse.foreignColumns(wider)).toEqual([]);
    expect((await warehouse.foreignColumns(audited)).map((column) => column.toLowerCase())).toEqual(['text']);
  });

  test(`${name}: drop removes a table and its part of the ledger, and leaves the others`, async () => {
    const lake = memoryObjectStore();
    const { warehouse } = await create(lake);
    const load = await commitRows(lake, IDENTITY, 0, [{}]);
    await warehouse.load(audited, [load]);
    await warehouse.load(shadow, [load]);
    await warehouse.drop(shadow);
    await warehouse.drop(shadow);
    expect(await warehouse.ledger(shadow)).toEqual([]);
    expect(await warehouse.offsetsOf(audited, { partition: 0, first: 0, next: 1 })).toEqual([0]);
    expect(await warehouse.load(shadow, [load])).toMatchObject({ loaded: 1, skipped: 0 });
  });
}
