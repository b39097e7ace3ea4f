import { textTable } from '../../cli/text-table.ts';

test('textTable aligns text to the left and numbers to the right, with thousands apart', () => {
  const table = textTable(
    ['event', 'rows', 'MB'],
    [
      ['flight', 231_083, 1.256],
      ['quake', 1_707n, null],
    ],
  );
  expect(table.split('\n')).toEqual([
    'event      rows    MB',
    '──────  ───────  ────',
    'flight  231,083  1.26',
    'quake     1,707     –',
  ]);
});
