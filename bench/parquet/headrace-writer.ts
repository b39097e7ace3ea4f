/** This project's writer, from row objects. */
import { ParquetWriter } from '../../pipeline/parquet/parquet-writer.ts';
import type { OpenBenchWriter } from './bench-writer.ts';

export const openHeadraceWriter: OpenBenchWriter = (columns, compression) => {
  const writer = new ParquetWriter(columns, { compression });
  return {
    append(rows) {
      for (const row of rows) {
        const rejection = writer.appendRow(row);
        if (rejection) throw new Error(`Cannot append a row: ${JSON.stringify(rejection)}`);
      }
    },
    finish: () => writer.finish().length,
  };
};
