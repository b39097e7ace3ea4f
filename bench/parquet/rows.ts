/** Rows to measure with: the same on every run, shaped like real events. */
import type { Column, ColumnType } from '../../pipeline/contract/column.ts';

export type Shape = 'nested' | 'flat' | 'wide';

export type Row = Record<string, unknown>;

export interface Rows {
  readonly columns: readonly Column[];
  /** The row of that index; deterministic. */
  row(index: number): Row;
}

const STATUSES = ['NEW', 'PAID', 'SHIPPED', 'CANCELLED'];
const CITIES = ['San Francisco', 'New York', 'Zürich', 'São Paulo', 'Tokyo', 'Lagos', 'Paris', 'Austin'];
const CURRENCIES = ['USD', 'EUR', 'BRL', 'JPY'];
const STREETS = ['Market Street', 'Broadway', 'Bahnhofstrasse', 'Avenida Paulista', 'Ginza', 'Marina Road'];

/** Rows of an `order_created` event, nested or flat, or of 100 columns. */
export function benchRows(shape: Shape): Rows {
  switch (shape) {
    case 'nested':
      return { columns: NESTED, row: nestedRow };
    case 'flat':
      return { columns: FLAT, row: flatRow };
    case 'wide':
      return { columns: WIDE, row: wideRow };
  }
}

const TEXT: ColumnType = { kind: 'string' };
const DOUBLE: ColumnType = { kind: 'double' };
const TIME: ColumnType = { kind: 'timestamp', unit: 'micros' };
const INT32: ColumnType = { kind: 'int', bits: 32, signed: true };
const INT64: ColumnType = { kind: 'int', bits: 64, signed: true };

const required = (name: string, type: ColumnType): Column => ({ name, type, nullable: false });
const optional = (name: string, type: ColumnType): Column => ({ name, type, nullable: true });
const list = (element: ColumnType): ColumnType => ({ kind: 'list', element: required('element', element) });
const struct = (...fields: Column[]): ColumnType => ({ kind: 'struct', fields });

const FLAT: readonly Column[] = [
  required('order_id', TEXT),
  required('customer_id', INT64),
  required('store_id', INT32),
  required('status', { kind: 'enum' }),
  required('created_at', TIME),
  required('currency', TEXT),
  required('total', DOUBLE),
  optional('discount', DOUBLE),
  required('item_count', INT32),
  required('is_first_order', { kind: 'boolean' }),
  required('city', TEXT),
  optional('note', TEXT),
];

const ITEM = struct(
  required('sku', TEXT),
  required('title', TEXT),
  required('quantity', INT32),
  required('price', DOUBLE),
);
const ADDRESS = struct(
  required('street', TEXT),
  required('city', TEXT),
  required('postal_code', TEXT),
  optional('location', struct(required('latitude', DOUBLE), required('longitude', DOUBLE))),
);
const NESTED: readonly Column[] = [
  ...FLAT,
  required('items', list(ITEM)),
  required('address', ADDRESS),
  required('tags', list(TEXT)),
];

const WIDE: readonly Column[] = Array.from({ length: 100 }, (_, i) => {
  const types = [INT32, DOUBLE, TEXT, INT64, { kind: 'boolean' } as const];
  return optional(`column_${i}`, types[i % types.length] ?? INT32);
});

function flatRow(i: number): Row {
  const random = mixed(i);
  return {
    order_id: `ord_${random.toString(36)}_${i.toString(36).padStart(6, '0')}`,
    customer_id: 9_000_000_000 + (random % 50_000),
    store_id: random % 3000,
    status: pick(STATUSES, random >>> 3),
    created_at: new Date(1_760_000_000_000 + i * 37),
    currency: pick(CURRENCIES, random >>> 5),
    total: ((random >>> 4) % 30_000) / 100,
    discount: random % 4 === 0 ? (random % 500) / 100 : null,
    item_count: 1 + (random % 4),
    is_first_order: random % 7 === 0,
    city: pick(CITIES, random >>> 7),
    note: random % 10 === 0 ? `Please ring the bell ${random % 1000}, thanks` : null,
  };
}

function nestedRow(i: number): Row {
  const random = mixed(i ^ 0x5bd1e995);
  return {
    ...flatRow(i),
    items: Array.from({ length: 1 + (random % 4) }, (_, k) => itemOf(mixed(random + k))),
    address: {
      street: `${random % 400} ${pick(STREETS, random >>> 2)}`,
      city: pick(CITIES, random >>> 7),
      postal_code: String(10_000 + (random % 90_000)),
      location:
        random % 5 === 0 ? null : { latitude: (random % 18_000) / 100 - 90, longitude: (random % 36_000) / 100 },
    },
    tags: Array.from({ length: random % 3 }, (_, k) => `tag-${(random + k) % 20}`),
  };
}

function itemOf(random: number): Row {
  const product = random % 2000;
  return {
    sku: `SKU-${product}`,
    title: `Product number ${product} in ${pick(CURRENCIES, product)}`,
    quantity: 1 + (random % 3),
    price: (product % 5000) / 100 + 1,
  };
}

function wideRow(i: number): Row {
  const row: Row = {};
  for (let column = 0; column < WIDE.length; column++) {
    const random = mixed(i * 131 + column);
    row[`column_${column}`] = random % 10 === 0 ? null : wideValue(column % 5, random);
  }
  return row;
}

function wideValue(kind: number, random: number): unknown {
  switch (kind) {
    case 0:
      return random % 1000;
    case 1:
      return random / 1000;
    case 2:
      return `value ${random % 5000}`;
    case 3:
      return random * 4096;
    default:
      return random % 2 === 0;
  }
}

function pick(values: readonly string[], random: number): string {
  return values[random % values.length] ?? '';
}

/** A 31-bit hash of an integer. */
function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 1;
}
