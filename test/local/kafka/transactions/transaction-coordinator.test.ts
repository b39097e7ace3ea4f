/** Transactions and producer ids on a disk that is full for a while. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { errorCode, KafkaError } from '../../../../pipeline/kafka/error-code.ts';
import { emptyDisk, mockDisk } from '../test-disk.ts';
import { testBatch } from '../test-records.ts';

const { disk } = mockDisk();
const { CommittedOffsets } = await import('../../../../local/kafka/groups/committed-offsets.ts');
const { Topics } = await import('../../../../local/kafka/topics.ts');
const { TransactionCoordinator } = await import('../../../../local/kafka/transactions/transaction-coordinator.ts');

let dir: string;
let broker: ReturnType<typeof start>;
const transactionalId = 'id';
const noClaim = { producerId: -1, producerEpoch: -1 };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'transactions-'));
  broker = start();
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
  Object.assign(disk, emptyDisk);
  broker.close();
  rmSync(dir, { recursive: true });
});

function start() {
  const topics = new Topics(dir, Date.now);
  const offsets = new CommittedOffsets(join(dir, 'offsets.journal'));
  const transactions = new TransactionCoordinator(dir, topics, offsets, Date.now);
  const close = () => {
    for (const one of [transactions, offsets, topics]) one.close();
  };
  return { topics, offsets, transactions, close };
}

function restart(): void {
  broker.close();
  broker = start();
}

const initProducer = () => broker.transactions.initProducer(transactionalId, 60_000, noClaim);
const state = () => broker.transactions.find(transactionalId)?.state;
/** Where each of the two partitions ends, and up to where it can be read. */
const ends = () => [0, 1].map((at) => broker.topics.log('t', at)).map((log) => [log.endOffset, log.lastStableOffset]);

/** A transaction with one record in each of two partitions and an offset, open. */
function openTransaction() {
  const { topics, transactions, offsets } = broker;
  if (topics.find('t') === undefined) topics.create('t', 2, {});
  const identity = { transactionalId, ...initProducer() };
  transactions.addPartitions(
    identity,
    [0, 1].map((partition) => ({ topic: 't', partition })),
  );
  const { producerId, producerEpoch } = identity;
  const batch = { values: ['a'], producerId, producerEpoch, baseSequence: 0, transactional: true };
  for (const partition of [0, 1]) topics.log('t', partition).append(testBatch(batch));
  transactions.addGroup(identity, 'g');
  offsets.commitInTransaction(producerId, 'g', [
    { topic: 't', partition: 0, offset: 7, leaderEpoch: -1, metadata: null },
  ]);
  return identity;
}

/** The code of the KafkaError that `action` throws. */
function refusal(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
    throw error;
  }
  return errorCode.none;
}

/** What keeps a transaction from its end: no room for the second marker, its offsets, or for the last line about it. */
const fillings: ReadonlyArray<readonly [name: string, isFull: (path: string) => boolean]> = [
  ['the marker of the second partition', (path) => /\/1\/\d+\.log$/.test(path)],
  ['the committed offsets', (path) => path.endsWith('offsets.journal')],
];

describe.each(fillings)('no room for %s', (_, isFull) => {
  /** Begins to commit, on a disk that does not let it end. */
  function commitHalf() {
    const identity = openTransaction();
    disk.isFull = isFull;
    expect(refusal(() => broker.transactions.end(identity, true))).toBe(errorCode.concurrentTransactions);
    expect(state()).toBe('PrepareCommit');
    return identity;
  }

  function expectCommitted(): void {
    expect(ends()).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(broker.offsets.find('g', 't', 0)?.offset).toBe(7);
  }

  test('TransactionCoordinator.end says CONCURRENT_TRANSACTIONS and, repeated with room, has committed', () => {
    const identity = commitHalf();
    const partitions = [{ topic: 't', partition: 0 }];
    expect(refusal(() => broker.transactions.addPartitions(identity, partitions))).toBe(
      errorCode.concurrentTransactions,
    );
    expect(refusal(initProducer)).toBe(errorCode.concurrentTransactions);
    disk.isFull = emptyDisk.isFull;
    broker.transactions.end(identity, true);
    expectCommitted();
    expect(refusal(() => broker.transactions.end(identity, false))).toBe(errorCode.invalidTxnState);
  });

  test('TransactionCoordinator.initProducer commits first what the producer before it has decided', () => {
    commitHalf();
    disk.isFull = emptyDisk.isFull;
    initProducer();
    expectCommitted();
  });

  test('TransactionCoordinator.tidyUp commits it as soon as there is room', () => {
    commitHalf();
    broker.transactions.tidyUp();
    expect(state()).toBe('PrepareCommit');
    disk.isFull = emptyDisk.isFull;
    broker.transactions.tidyUp();
    expectCommitted();
    expect(state()).toBe('CompleteCommit');
  });

  test('TransactionCoordinator opens on a full disk and commits later', () => {
    commitHalf();
    restart();
    expect(state()).toBe('PrepareCommit');
    disk.isFull = emptyDisk.isFull;
    broker.transactions.tidyUp();
    expectCommitted();
  });
});

test('TransactionCoordinator.initProducer that cannot abort the open transaction says so and aborts it later', () => {
  openTransaction();
  disk.isFull = (path) => /\/1\/\d+\.log$/.test(path);
  expect(refusal(initProducer)).toBe(errorCode.concurrentTransactions);
  disk.isFull = emptyDisk.isFull;
  initProducer();
  expect(ends()).toEqual([
    [2, 2],
    [2, 2],
  ]);
  expect(broker.offsets.find('g', 't', 0)).toBeUndefined();
});

test('TransactionCoordinator.initProducer never gives an id out twice, whatever the journal could not keep', () => {
  const next = () => broker.transactions.initProducer(null, 1000, noClaim).producerId;
  disk.isFull = (path) => path.endsWith('transactions.journal');
  for (let at = 0; at < 2; at += 1) expect(refusal(next)).toBe(errorCode.kafkaStorageError);
  disk.isFull = emptyDisk.isFull;
  const ids = [next(), next()];
  restart();
  ids.push(next(), next());
  expect(new Set(ids).size).toBe(4);
});
