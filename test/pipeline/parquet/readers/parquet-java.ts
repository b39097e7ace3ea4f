/** Has parquet-java, the format's reference implementation, read the fixtures; needs a JDK 17 and Maven. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column } from '../../../../pipeline/contract/column.ts';
import { type ExpectedElement, expectedSchema } from '../expected-schema.ts';

const VERSION = '1.16.0';
/** parquet-java decompresses through Hadoop's classes. */
const HADOOP_VERSION = '3.4.1';
const LIBRARIES = join(import.meta.dirname, '../../../../node_modules/.cache/parquet-java', VERSION);
const OUTPUT_BYTES_MAX = 2 ** 28;

/** What is missing on this machine, or undefined. */
export function missingForParquetJava(): string | undefined {
  const missing = ['java', 'mvn'].filter((command) => spawnSync(command, ['-version']).error !== undefined);
  return missing.length === 0 ? undefined : `${missing.join(' and ')} not found: a JDK 17 and Maven are needed`;
}

/** @throws Error where a value, a type, a bound or a filter is not what was written */
export async function readByParquetJava(folder: string): Promise<string> {
  await fetchLibraries();
  const program = join(import.meta.dirname, 'ReadBack.java');
  const output = execFileSync('java', ['-cp', join(LIBRARIES, '*'), program, folder], { maxBuffer: OUTPUT_BYTES_MAX });
  const lines = output.toString('utf8').trim().split('\n');
  const checks = JSON.parse(lines.pop() ?? '') as { readonly bounds: number; readonly filters: number };
  for (const line of lines) await compare(folder, JSON.parse(line));
  assert.ok(checks.bounds > 0 && checks.filters > 0);
  return `parquet-java ${VERSION}: ${lines.length} files read back equal, ${checks.bounds} bounds hold, ${checks.filters} filters lose no row`;
}

interface JavaFile {
  readonly name: string;
  readonly schema: unknown;
  readonly rows: unknown;
}

async function compare(folder: string, { name, schema, rows }: JavaFile): Promise<void> {
  const text = await readFile(join(folder, `${name}.json`), 'utf8');
  const fixture = JSON.parse(text) as { readonly columns: readonly Column[]; readonly rows: unknown };
  assert.deepEqual(schema, expectedSchema(fixture.columns).map(javaForm), `schema of ${name}`);
  assert.deepEqual(rows, fixture.rows, `rows of ${name}`);
}

/** parquet-java calls a BYTE_ARRAY by its older name. */
function javaForm({ name, repetition, physical, logical, length, fields }: ExpectedElement): unknown {
  return [name, repetition, physical === 'BYTE_ARRAY' ? 'BINARY' : physical, logical, length, fields.map(javaForm)];
}

async function fetchLibraries(): Promise<void> {
  if (existsSync(LIBRARIES)) return;
  const folder = `${LIBRARIES}.partial`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const pom = join(folder, 'pom.xml');
  await writeFile(pom, POM);
  execFileSync('mvn', [
    '-q',
    '-B',
    '-Dstyle.color=never',
    '-f',
    pom,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${folder}`,
  ]);
  await rename(folder, LIBRARIES);
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headrace</groupId><artifactId>parquet-java</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.parquet</groupId><artifactId>parquet-hadoop</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-runtime</artifactId><version>${HADOOP_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;
