/** The first file of a process: bundled, as a function is, and run by ../parquet.ts. Prints milliseconds. */
import { ParquetWriter } from '../../pipeline/parquet/parquet-writer.ts';
import { benchRows } from './rows.ts';

const ROWS = 1000;

const loadedMs = performance.now() - performance.nodeTiming.bootstrapComplete;
const { columns, row } = benchRows('nested');
const rows = Array.from({ length: ROWS }, (_, i) => row(i));
const start = performance.now();
const writer = new ParquetWriter(columns);
for (const one of rows) writer.appendRow(one);
writer.finish();
console.log(JSON.stringify({ loadedMs, writtenMs: performance.now() - start }));
