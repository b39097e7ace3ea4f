/**
 * `node bench/exactly-once.ts`: what exactly-once costs a batch of 10,000 rows. The same batches are encoded and stored
 * as a data object alone, and as a commit: with the chain's head known (a warm function), and with one LIST and one GET
 * for it (a cold one). S3 is the laptop's, in a process of its own; real S3 answers later, and is waited for as often.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../pipeline/adapters/s3-object-store.ts';
import { loadContract } from '../pipeline/contract/load-contract.ts';
import type { KafkaRecord } from '../pipeline/ports.ts';
import { commitLog } from '../pipeline/sink/commit-log.ts';
import { rowEncoder } from '../pipeline/sink/row-encoder.ts';
import { sinkPartition } from '../pipeline/sink/sink.ts';
import { Window } from '../pipeline/sink/window.ts';
import { ORDER_VERSION_ID, orderData } from '../test/pipeline/ingest/order-events.ts';
import { framed, kafkaRecord } from '../test/pipeline/sink/order-records.ts';

const ROWS = 10_000;
const ROUNDS = 15;
const WARM_UP_ROUNDS = 3;

const contract = loadContract('schemas/order_created');
const values = Array.from({ length: ROWS }, (_, row) =>
  framed(orderData({ order_id: `order-${row}`, customer_id: row * 7, channel: row % 2 === 0 ? 'WEB' : 'APP' })),
);
const batch = (partition: number, start: number): KafkaRecord[] =>
  values.map((value, row) => kafkaRecord(start + row, { partition, value }));

const folder = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
const aws = spawn(process.execPath, ['bench/aws-process.ts', folder], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [url] = (await once(aws.stdout, 'data')) as [Buffer];
const client = new S3Client({
  endpoint: url.toString().trim(),
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const lake = s3ObjectStore('lake', client);
const rows = rowEncoder(contract, [ORDER_VERSION_ID]);
const warmLog = commitLog(lake);

const variants: Record<string, (start: number) => Promise<unknown>> = {
  'data object alone': (start) => {
    const window = new Window({ contract, lake, rows }, { partition: 0, after: undefined });
    for (const record of batch(0, start)) {
      window.add(record);
    }
    return window.write();
  },
  'commit, head known': (start) => sinkPartition(batch(1, start), { contract, lake, rows, log: warmLog }),
  'commit, head read': (start) => sinkPartition(batch(2, start), { contract, lake, rows, log: commitLog(lake) }),
};

const times = new Map(Object.keys(variants).map((name) => [name, [] as number[]]));
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
  for (const [name, run] of Object.entries(variants)) {
    const started = performance.now();
    await run(round * ROWS);
    if (round >= WARM_UP_ROUNDS) {
      times.get(name)?.push(performance.now() - started);
    }
  }
}
aws.stdin.end();
await once(aws, 'exit');
rmSync(folder, { recursive: true });

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const base = median(times.get('data object alone') ?? []);
console.table(
  [...times].map(([variant, each]) => ({
    variant,
    'ms a batch': +median(each).toFixed(1),
    overhead: `${((median(each) / base - 1) * 100).toFixed(1)} %`,
    limit: '10 %',
  })),
);
