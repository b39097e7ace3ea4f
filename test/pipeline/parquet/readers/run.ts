/**
 * Has readers of other languages read what the writer writes: every type, nullability and nesting, each encoding and
 * codec. `npm run test:parquet`; a reader that this machine cannot run is a failure, said by name.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingForParquetJava, readByParquetJava } from './parquet-java.ts';
import { missingForPyarrow, readByPyarrow } from './pyarrow.ts';
import { writeFixtures } from './write-fixtures.ts';

const READERS = [
  { name: 'pyarrow', missing: missingForPyarrow, read: readByPyarrow },
  { name: 'parquet-java', missing: missingForParquetJava, read: readByParquetJava },
];

const folder = await mkdtemp(join(tmpdir(), 'headrace-readers-'));
try {
  await writeFixtures(folder);
  for (const { name, missing, read } of READERS) {
    const reason = missing();
    if (reason === undefined) console.log(await read(folder));
    else {
      process.exitCode = 1;
      console.error(`${name} did not run: ${reason}`);
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
