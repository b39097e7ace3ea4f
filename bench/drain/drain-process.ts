/** One run of the drain in a process of its own, as a function is: prints what it took as JSON. */
import { readFileSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { kafkaTopicReader } from '../../pipeline/adapters/kafka-topic-reader.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { commitLog } from '../../pipeline/sink/commit-log.ts';
import { drainTopic } from '../../pipeline/sink/drain.ts';
import { rowEncoder } from '../../pipeline/sink/row-encoder.ts';

const [brokers = '', endpoint = '', contractFile = '', versionId = '', commitInputMb = '', parallelPartitions = ''] =
  process.argv.slice(2);
const contract = JSON.parse(readFileSync(contractFile, 'utf8')) as CompiledContract;
const client = new S3Client({
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const lake = s3ObjectStore('lake', client);
const reader = kafkaTopicReader({ brokers, clientProperties: 'security.protocol=PLAINTEXT' });
const encoders = Array.from({ length: Number(parallelPartitions) }, () => rowEncoder(contract, [versionId]));
const idleMib = process.memoryUsage.rss() / 2 ** 20;
let rows = 0;
let commits = 0;
let bytes = 0;
const started = performance.now();
const behind = await drainTopic(
  {
    contract,
    lake,
    log: commitLog(lake),
    reader,
    encoders,
    timeLeftMs: () => 3_600_000,
    now: Date.now,
    committed: (commit) => {
      rows += commit.rows;
      commits += 1;
      bytes += commit.files.reduce((sum, file) => sum + file.bytes, 0);
    },
  },
  { inputBytesMax: Number(commitInputMb) * 1e6, reserveMs: 0 },
);
const seconds = (performance.now() - started) / 1000;
await reader.close();
const { user, system } = process.cpuUsage();
const peakMib = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({ rows, behind, commits, bytes, seconds, cpuSeconds: (user + system) / 1e6, idleMib, peakMib }),
);
process.exit();
