/**
 * `node bench/drain.ts [records] [MB of a commit] [folders]`: a backlog of orders in the embedded broker, drained in one
 * run by one process with the limits of `lib/config.ts`. Memory must not grow with the backlog: it stays below 512 MiB for
 * 10,000,000 records. A lake with folders takes more, because the rows of each wait in memory for their own file: 50 of
 * them stay below 1 GiB, of the 1,769 MB that the function has. 1,000,000 records and no folders by default.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Producer } from '@platformatic/kafka';
import { buildSync } from 'esbuild';
import { Kafka, logLevel } from 'kafkajs';
import { DRAIN_LIMITS } from '../lib/config.ts';
import { ORDER_VERSION_ID, orderContract, orderData } from '../test/pipeline/ingest/order-events.ts';
import { framed } from '../test/pipeline/sink/order-records.ts';

const TOPIC = 'order_created';
const PARTITIONS = 3;
const BATCH = 1_000;
const records = Number(process.argv[2] ?? 1_000_000);
const commitInputMb = String(process.argv[3] ?? DRAIN_LIMITS.commitInputMb);
const folders = Number(process.argv[4] ?? 1);
const memoryMibMax = folders === 1 ? 512 : 1024;
const contract =
  folders === 1
    ? orderContract
    : { ...orderContract, lake: { partitionBy: ['customer_id'], openPartitionsMax: folders } };

const folder = mkdtempSync(join(tmpdir(), 'headrace-bench-'));

function start(script: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** As a function is deployed: without the compiler that Node erases types with, which takes 50 MB. */
function bundled(script: string): string {
  const outfile = join(folder, 'drain-process.mjs');
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  buildSync({ entryPoints: [script], outfile, bundle: true, platform: 'node', format: 'esm', banner: { js: banner } });
  return outfile;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface(child.stdout as NonNullable<ChildProcess['stdout']>);
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`A process of the bench ended with ${code}`);
  });
  const [line] = await Promise.race([once(lines, 'line'), failed]);
  failed.catch(() => undefined);
  return String(line);
}

async function fillTopic(bootstrap: string): Promise<number> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS }], waitForLeaders: true });
  await admin.disconnect();
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: [bootstrap] });
  const items = Array.from({ length: 3 }, (_, item) => ({ sku: `sku-${item}`, quantity: item + 1, price_cents: 499 }));
  const headers = new Map(
    [['ce_type', 'order_created']].map(([name, text]) => [Buffer.from(name ?? ''), Buffer.from(text ?? '')]),
  );
  let inputBytes = 0;
  for (let first = 0; first < records; first += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, records - first) }, (_, index) => {
      const order = orderData({
        order_id: `order-${first + index}`,
        customer_id: (first + index) % (folders === 1 ? 100_000 : folders),
        items,
      });
      const value = Buffer.from(framed(order, ORDER_VERSION_ID));
      inputBytes += value.length;
      return { topic: TOPIC, partition: (first / BATCH) % PARTITIONS, value, headers };
    });
    await producer.send({ acks: -1, messages });
  }
  await producer.close();
  return inputBytes;
}

const broker = start('test/local/kafka/broker-process.ts', join(folder, 'kafka'));
const { bootstrap } = JSON.parse(await firstLine(broker)) as { bootstrap: string };
const aws = start('bench/aws-process.ts', folder);
const endpoint = await firstLine(aws);
const inputBytes = await fillTopic(bootstrap);
const contractFile = join(folder, 'contract.json');
writeFileSync(contractFile, JSON.stringify(contract));
const limits = [commitInputMb, String(DRAIN_LIMITS.parallelPartitions)];
const drain = start(
  bundled('bench/drain/drain-process.ts'),
  bootstrap,
  endpoint,
  contractFile,
  ORDER_VERSION_ID,
  ...limits,
);
const taken = JSON.parse(await firstLine(drain));
broker.kill('SIGKILL');
aws.stdin?.end();
await Promise.all([once(broker, 'exit'), once(aws, 'exit')]);
rmSync(folder, { recursive: true });

console.table([
  {
    records: taken.rows,
    'input MB': Math.round(inputBytes / 1e6),
    'files MB': Math.round(taken.bytes / 1e6),
    commits: taken.commits,
    'records/s': Math.round(taken.rows / taken.seconds),
    'CPU s / M': +((taken.cpuSeconds / taken.rows) * 1e6).toFixed(2),
    'idle MiB': Math.round(taken.idleMib),
    'peak MiB': Math.round(taken.peakMib),
    'of the limit': `${Math.round((taken.peakMib / memoryMibMax) * 100)} %`,
  },
]);
process.exit(taken.rows === records && taken.behind === 0 ? 0 : 1);
