/** Rows of text in aligned columns; numbers to the right. */

export type Cell = string | number | bigint | null;

/** @param header one title a column. @param digitsMax behind the decimal point. */
export function textTable(header: readonly string[], rows: ReadonlyArray<readonly Cell[]>, digitsMax = 2): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => formatCell(cell, digitsMax)))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const isNumeric = header.map((_, column) => rows.every((row) => typeof row[column] !== 'string'));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, isNumeric[column] ?? false))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

const pad = (cell: string, width: number, toTheRight: boolean): string =>
  toTheRight ? cell.padStart(width) : cell.padEnd(width);

function formatCell(cell: Cell, maximumFractionDigits: number): string {
  if (cell === null) {
    return '–';
  }
  return typeof cell === 'string' ? cell : new Intl.NumberFormat('en-US', { maximumFractionDigits }).format(cell);
}
