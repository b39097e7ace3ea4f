import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import type { Field } from '../../../pipeline/contract/message.ts';
import { SYSTEM_COLUMNS, tableColumns } from '../../../pipeline/contract/table-columns.ts';

const field = (name: string, number: number): Field => ({
  name,
  number,
  jsonName: name,
  cardinality: 'optional',
  type: { kind: 'scalar', scalar: 'string' },
});
const version = (number: number, ...fields: Field[]): CompiledContract['versions'][number] => ({
  format: 'protobuf',
  version: number,
  definition: '',
  message: { name: 'Order', fields },
});
const versions = [
  version(1, field('id', 1), field('note', 9)),
  version(2, field('id', 1), field('late', 4), field('note', 9)),
  version(3, field('id', 1), field('later', 2), field('late', 4), field('note', 9)),
];
const contract = { versions } as unknown as CompiledContract;
const names = (number?: number) =>
  tableColumns(contract, number)
    .slice(SYSTEM_COLUMNS.length)
    .map(({ name }) => name);

test('tableColumns: a version only adds columns behind those of the versions before it', () => {
  expect(names(1)).toEqual(['id', 'note']);
  expect(names(2)).toEqual(['id', 'note', 'late']);
  expect(names(3)).toEqual(['id', 'note', 'late', 'later']);
  expect(names()).toEqual(names(3));
});
