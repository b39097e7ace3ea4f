import { spawnSync } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { jest } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { audit } from '../../cli/audit.ts';
import { CommandError } from '../../cli/command-error.ts';
import { deadLetters } from '../../cli/dead-letters.ts';
import { rebuild } from '../../cli/rebuild.ts';
import { status } from '../../cli/status.ts';
import { startAwsEndpoint } from '../../local/aws/aws-endpoint.ts';
import { type HostRecord, readHostRecord, writeHostRecord } from '../../local/host-record.ts';
import { startKafkaBroker } from '../../local/kafka/broker.ts';
import { duckdbWarehouse } from '../../pipeline/adapters/duckdb-warehouse.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { warehouseTable } from '../../pipeline/load/warehouse-table.ts';
import type { ObjectStore } from '../../pipeline/ports.ts';
import { commitKey, commitLog } from '../../pipeline/sink/commit-log.ts';
import { rowEncoder } from '../../pipeline/sink/row-encoder.ts';
import { sinkPartition } from '../../pipeline/sink/sink.ts';
import { ORDER_VERSION_ID, orderContract } from '../pipeline/ingest/order-events.ts';
import { kafkaRecord } from '../pipeline/sink/order-records.ts';

let folder: string;
const lines: string[] = [];

/** The data folder of a host that has ended: two rows and a dead letter, loaded. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-commands-'));
  const aws = await startAwsEndpoint({ dataDir: folder, port: 0 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const s3 = new S3Client({ endpoint: aws.url, region: 'us-east-1', credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  const lake = s3ObjectStore('lake', s3);
  await lake.put('contract.json', Buffer.from(JSON.stringify(orderContract)));
  const records = [kafkaRecord(0), kafkaRecord(1), kafkaRecord(2, { value: Buffer.from('garbage') })];
  const kafka = await startKafkaBroker({ dir: join(folder, 'kafka') });
  const client = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING });
  const [admin, producer] = [client.admin(), client.producer()];
  await admin.createTopics({ topics: [{ topic: 'order_created', numPartitions: orderContract.topic.partitions }] });
  await producer.connect();
  const messages = records.map(({ value }) => ({ partition: 0, value: Buffer.from(value ?? []), timestamp: '1' }));
  await producer.send({ topic: 'order_created', messages });
  await producer.disconnect();
  await admin.disconnect();
  await kafka.stop();
  const rows = rowEncoder(orderContract, [ORDER_VERSION_ID]);
  const { commit } = await sinkPartition(records, { contract: orderContract, lake, log: commitLog(lake), rows });
  const warehouse = duckdbWarehouse(join(folder, 'warehouse.duckdb'), lake);
  if (commit) await warehouse.load(warehouseTable(orderContract), [{ commitKey: commitKey(0, 0), commit }]);
  await aws.close();
  const entry = { contractBucket: 'lake', contractKey: 'contract.json', schemaVersionIds: [ORDER_VERSION_ID] };
  writeHostRecord(folder, {
    pid: 1,
    ingestUrl: '',
    awsEndpoint: '',
    kafka: { brokers: '', clientProperties: '' },
    ownsKafka: true,
    warehousePath: '',
    metricsUrl: '',
    outputs: {
      'Event-order-created': {
        TopicName: 'order_created',
        LakeBucketName: 'lake',
        LoadQueueUrl: 'http://127.0.0.1',
        LoadDeadLetterQueueUrl: 'http://127.0.0.1',
      },
    },
    parameters: { '/headrace/events/order_created': JSON.stringify(entry) },
  });
  for (const method of ['log', 'error'] as const) {
    jest.spyOn(console, method).mockImplementation((line: unknown) => void lines.push(String(line)));
  }
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** Works on the lake of the host that has ended. */
async function inLake(work: (lake: ObjectStore) => Promise<void>): Promise<void> {
  const aws = await startAwsEndpoint({ dataDir: folder, port: 0 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  try {
    await work(
      s3ObjectStore(
        'lake',
        new S3Client({ endpoint: aws.url, region: 'us-east-1', credentials, forcePathStyle: true }),
      ),
    );
  } finally {
    await aws.close();
  }
}

/** Changes the table behind everybody's back. */
async function inWarehouse(statement: string): Promise<void> {
  const database = await DuckDBInstance.create(join(folder, 'warehouse.duckdb'));
  const connection = await database.connect();
  await connection.run(statement);
  connection.closeSync();
  database.closeSync();
}

/** What the command printed, and its exit code. */
async function run(command: (args: string[]) => Promise<number>, ...args: string[]): Promise<[number, string]> {
  lines.length = 0;
  const code = await command([...args, '--dir', folder]);
  return [code, lines.join('\n')];
}

test('audit: prints numbers for each partition and exits with 0 when nothing is lost', async () => {
  const [code, text] = await run(audit, 'order_created');
  expect(text).toMatch(/^total +3 +2 +1 +2 +0 +0 +0 +0 +3$/m);
  expect(text).toContain('order_created: nothing lost, nothing duplicated.');
  expect(code).toBe(0);
});

test('audit: --json prints the report, and --settled fails while a commit is on its way', async () => {
  const warehouse = duckdbWarehouse(join(folder, 'warehouse.duckdb'), { get: async () => Buffer.from('') } as never);
  await warehouse.drop(warehouseTable(orderContract));
  const [code, text] = await run(audit, 'order_created', '--json');
  const { total, faults } = JSON.parse(text);
  expect([code, total.loaded, faults]).toEqual([0, 0, []]);
  const [settled] = await run(audit, 'order_created', '--settled');
  expect(settled).toBe(1);
});

describe('without Kafka', () => {
  /** No program may listen on it. */
  const brokers = '127.0.0.1:1';
  const unreachable = `Kafka unreachable at ${brokers}: connect ECONNREFUSED ${brokers}`;
  let before: HostRecord;
  beforeAll(() => {
    before = readHostRecord(folder);
    writeHostRecord(folder, { ...before, ownsKafka: false, kafka: { brokers, clientProperties: '' } });
  });
  afterAll(() => writeHostRecord(folder, before));

  test('audit: says where Kafka should be and how to do without, at once', async () => {
    await expect(run(audit, 'order_created')).rejects.toThrow(
      new CommandError(`${unreachable}; --no-kafka leaves it out`),
    );
    expect((await run(audit, 'order_created', '--no-kafka'))[0]).toBe(0);
  });

  test('status: shows the rest, says where Kafka should be, and exits with 1', async () => {
    const [code, text] = await run(() => status({ place: { dir: folder }, kafka: true }));
    expect(text).toContain(`\n${unreachable}; the columns that need it are empty.`);
    expect(text).toMatch(/^order_created /m);
    expect(code).toBe(1);
  });
});

test('rebuild: loads the table again', async () => {
  const [code, text] = await run(rebuild, 'order_created');
  expect([code, text]).toEqual([0, 'order_created: loaded 2 rows of 1 commit anew, into "order_created".']);
  expect((await run(audit, 'order_created', '--settled', '--files'))[0]).toBe(0);
});

test('audit and rebuild: a window without commits is said to prove nothing', async () => {
  const [code, text] = await run(audit, 'order_created', '--from', '2030-01-01');
  expect([code, text]).toEqual([
    0,
    expect.stringContaining('order_created: no commits in this window, so nothing was'),
  ]);
  const rebuilt = 'order_created: no commits in this window, so the table is as it was.';
  expect(await run(rebuild, 'order_created', '--from', '2030-01-01')).toEqual([0, rebuilt]);
  expect((await run(audit, 'order_created'))[1]).toMatch(/^total +3 +2 +1 +2 /m);
});

test('audit: prints the fault and exits with 1 when the table is broken, until it is rebuilt', async () => {
  await inWarehouse('DELETE FROM order_created WHERE _offset = 1');
  const [code, text] = await run(audit, 'order_created');
  expect(text).toContain('LOST_ROWS partition 0, offsets 1 to 1: The table lacks offset 1 of "commits/0/');
  expect(text).toContain('order_created: 1 fault, 1 lost, 0 duplicated.');
  expect(code).toBe(1);
  expect((await run(audit, 'order_created', '--json'))[0]).toBe(1);
  await run(rebuild, 'order_created');
  expect((await run(audit, 'order_created'))[0]).toBe(0);
});

test('audit: --remove-orphans removes nothing while the commits have faults, and then what none of them names', async () => {
  const [orphan, bad] = ['data/0-0-1-00aa.parquet', commitKey(1, 5)];
  await inLake(async (lake) => {
    await lake.put(orphan, Buffer.from('orphan'));
    await lake.put(bad, Buffer.from('no commit'));
  });
  const removal = [audit, 'order_created', '--remove-orphans', '--grace', '0'] as const;
  const [code, text] = await run(...removal);
  expect([code, text]).toEqual([1, expect.stringContaining('No orphans were removed: first mend the faults')]);
  expect(text).toContain(`  ${orphan}`);
  await inLake((lake) => lake.delete(bad));
  const [mended, removed] = await run(...removal);
  expect([mended, removed]).toEqual([0, expect.stringContaining('Removed 1 orphans, 0.0 MB.')]);
  expect((await run(audit, 'order_created'))[1]).not.toContain(orphan);
});

test('rebuild: what it refuses is one line', async () => {
  await inWarehouse('ALTER TABLE order_created ADD COLUMN note VARCHAR');
  await expect(run(rebuild, 'order_created')).rejects.toThrow(CommandError);
  expect((await run(rebuild, 'order_created', '--drop-columns'))[0]).toBe(0);
});

test('headrace: a data file that is gone is one line that names it', async () => {
  const data = join(folder, 's3', 'lake', 'data');
  await rename(data, `${data}.gone`);
  const args = ['bin/headrace.ts', 'rebuild', 'order_created', '--dir', folder];
  const { status: code, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  await rename(`${data}.gone`, data);
  expect(stderr).toMatch(/^Cannot read "s3:\/\/lake\/data\/\S+\.parquet": there is no such object$/m);
  expect(stderr).not.toContain('    at ');
  expect(code).toBe(1);
});

test('deadLetters: list, show, replay and discard', async () => {
  const [, list] = await run(deadLetters, 'list', 'order_created');
  expect(list).toMatch(/^UNKNOWN_FRAMING +1 +0 +0 +0 .* 0-2 /m);
  expect(list).not.toContain('garbage');
  const [, shown] = await run(deadLetters, 'show', 'order_created', '--id', '0-2');
  expect(JSON.parse(shown)).toMatchObject({ partition: 0, offset: 2, valueText: 'garbage' });
  expect(await run(deadLetters, 'show', 'order_created', '--id', '0-3')).toEqual([1, 'There is no letter 0-3.']);
  const [, refused] = await run(deadLetters, 'replay', 'order_created');
  expect(refused).toContain('order_created: 0 letters sent again.\n1 left: UNKNOWN_FRAMING: ');
  expect(await run(deadLetters, 'replay', 'order_created', '--all')).toEqual([
    0,
    'order_created: 1 letter sent again.',
  ]);
  const [, again] = await run(deadLetters, 'list', 'order_created', '--json');
  expect(JSON.parse(again)[0].counts).toEqual({ open: 0, replayed: 1, discarded: 0, sending: 0 });
  const [, discarded] = await run(deadLetters, 'discard', 'order_created', '--all', '--reason', 'old');
  expect(discarded).toBe('order_created: 0 letters discarded. What is discarded stays in the lake.');
  const [, decided] = await run(deadLetters, 'discard', 'order_created', '--id', '0-2', '--reason', 'old');
  expect(decided).toMatch(/^0-2 was decided before: replayed\.\norder_created: 0 letters discarded\./);
  expect((await run(audit, 'order_created'))[1]).toMatch(/^total +4 +2 +1 +2 +0 +0 +1 +0 +3$/m);
});

test.each<[string, (args: string[]) => Promise<number>, string[], string]>([
  ['no event', audit, [], 'Say which event'],
  ['two events', audit, ['order_created', 'other'], 'Say which event'],
  ['an event that is not deployed', audit, ['nothing'], 'Cannot find the event "nothing"'],
  ['no time', audit, ['order_created', '--from', 'noon'], 'Cannot use "noon" as a time'],
  [
    'a window that ends before it begins',
    audit,
    ['order_created', '--from', '2026-02-02', '--to', '2026-02-01'],
    'Cannot use --from 2026-02-02 with --to 2026-02-01: it ends before it begins',
  ],
  [
    'such a window',
    rebuild,
    ['order_created', '--from', '2026-02-02', '--to', '2026-02-01'],
    'it ends before it begins',
  ],
  [
    'orphans of a window',
    audit,
    ['order_created', '--remove-orphans', '--to', '2026-02-01'],
    'Cannot use --remove-orphans with --from or --to',
  ],
  ['no hours', audit, ['order_created', '--grace', 'x'], 'Cannot use "x" as hours'],
  ['an unknown option', audit, ['order_created', '--fast'], "Unknown option '--fast'"],
  ['an unknown action', deadLetters, ['send', 'order_created'], 'Cannot "send" dead letters: allowed are list, show'],
  ['no letter', deadLetters, ['show', 'order_created'], 'Say which letters'],
  ['a wrong letter', deadLetters, ['show', 'order_created', '--id', '7'], 'Cannot use "7" as a letter'],
  ['no tries', deadLetters, ['replay', 'order_created', '--tries', '0'], 'Cannot use "0" as a number'],
  ['no reason', deadLetters, ['discard', 'order_created', '--all'], 'Say why'],
  ['nothing to discard', deadLetters, ['discard', 'order_created', '--reason', 'r'], 'Say which letters'],
])('commands about an event refuse %s', async (_, command, args, message) => {
  await expect(run(command, ...args)).rejects.toThrow(message);
});
