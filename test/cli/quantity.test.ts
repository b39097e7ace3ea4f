import { quantity } from '../../cli/quantity.ts';

test('quantity knows one from many, and sets thousands apart', () => {
  expect([0, 1, 231_083].map((count) => quantity(count, 'row'))).toEqual(['0 rows', '1 row', '231,083 rows']);
});
