/** This project's writer, from row objects. */
import { ParquetWriter } from '../../pipeline/parquet/parquet-writer.ts';
import type { OpenBenchWriter } from './bench-writer.ts';

/** A writer is kept from file to file, as a sink keeps it. */
let kept: ParquetWriter | undefined;

export const openHeadraceWriter: OpenBenchWriter = (columns, compression) => {
  kept ??= new ParquetWriter(columns, { compression });
  const writer = kept;
  let bytes = 0;
  return {
    append(rows) {
      for (const row of rows) {
        const rejection = writer.appendRow(row);
        if (rejection) throw new Error(`Cannot append a row: ${JSON.stringify(rejection)}`);
      }
      // An uploader takes what is ready.
      for (const part of writer.takeOutput()) bytes += part.length;
    },
    finish: () => bytes + writer.finish().length,
  };
};
