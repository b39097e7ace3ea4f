/** Producer ids and transactions. */

import { join } from 'node:path';
import { KafkaError } from '../../../pipeline/kafka/error-code.ts';
import type { BatchHeader } from '../../../pipeline/kafka/record-batch.ts';
import type { CommittedOffsets } from '../groups/committed-offsets.ts';
import { Journal } from '../storage/journal.ts';
import type { Topics } from '../topics.ts';

/** Kafka's names of the states that outlive a call. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort';

/** A producer with a transactional id, and its transaction if it has one. */
export interface Transaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly epoch: number;
  /** The epoch that asked for this one, if one did: its answer may have been lost, and it asks again. */
  readonly askedBy?: number;
  readonly timeoutMs: number;
  readonly state: TransactionState;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
  readonly groups: readonly string[];
  /** -1 outside of a transaction. */
  readonly startedAt: number;
}

/** How a transactional producer names itself. */
export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

type TransactionEntry = Transaction | { readonly nextProducerId: number };

/** Ids are journaled in blocks, so that most of them cost no write. */
const producerIdBlock = 1000;
const epochMax = 0x7fff - 1;
/** `transaction.max.timeout.ms` of Apache Kafka. */
const timeoutMsMax = 900_000;

/**
 * All transactional producers. A transaction's end is journaled before its markers are written. One that a crash or a
 * full disk interrupted is finished as soon as that is possible; until then its producer gets CONCURRENT_TRANSACTIONS
 * and tries again, so that no partition disagrees about it for good.
 */
export class TransactionCoordinator {
  readonly #topics: Topics;
  readonly #offsets: CommittedOffsets;
  readonly #now: () => number;
  readonly #byId = new Map<string, Transaction>();
  readonly #journal: Journal<TransactionEntry>;
  #nextProducerId = 0;
  #producerIdLimit = 0;

  constructor(directory: string, topics: Topics, offsets: CommittedOffsets, now: () => number) {
    this.#topics = topics;
    this.#offsets = offsets;
    this.#now = now;
    this.#journal = new Journal<TransactionEntry>(join(directory, 'transactions.journal'), {
      replay: (entry) => {
        if ('nextProducerId' in entry) this.#nextProducerId = entry.nextProducerId;
        else this.#byId.set(entry.transactionalId, entry);
      },
      snapshot: () => [{ nextProducerId: this.#producerIdLimit }, ...this.#byId.values()],
    });
    this.#producerIdLimit = this.#nextProducerId;
    for (const transaction of [...this.#byId.values()]) this.#try(() => this.#settled(transaction));
  }

  get all(): Iterable<Transaction> {
    return this.#byId.values();
  }

  find(transactionalId: string): Transaction | undefined {
    return this.#byId.get(transactionalId);
  }

  /** A new producer id; with a transactional id, the next epoch of its producer, which fences the ones before. */
  initProducer(
    transactionalId: string | null,
    timeoutMs: number,
    claimed: { readonly producerId: number; readonly producerEpoch: number },
  ): { readonly producerId: number; readonly producerEpoch: number } {
    if (transactionalId === null) return { producerId: this.#takeProducerId(), producerEpoch: 0 };
    if (transactionalId === '') throw new KafkaError('invalidRequest', 'Cannot use an empty transactional id');
    if (timeoutMs <= 0 || timeoutMs > timeoutMsMax) {
      throw new KafkaError(
        'invalidTransactionTimeout',
        `Cannot wait ${timeoutMs} ms: 1 to ${timeoutMsMax} are allowed`,
      );
    }
    const found = this.#byId.get(transactionalId);
    const claims = found !== undefined && claimed.producerId >= 0;
    const isRepeated = claims && found.producerId === claimed.producerId && found.askedBy === claimed.producerEpoch;
    if (isRepeated && found.state === 'Empty') return { producerId: found.producerId, producerEpoch: found.epoch };
    if (claims && !isRepeated) check(found, { transactionalId, ...claimed });
    const known = found && this.#settled(found);
    const asked = claims ? { askedBy: claimed.producerEpoch } : {};
    const next = { ...this.#nextEpoch(known), ...asked, transactionalId, timeoutMs, ...noTransaction };
    if (known?.state === 'Ongoing') this.#abortAs({ ...known, ...asked }, next.epoch);
    this.#save({ ...next, state: 'Empty' });
    return { producerId: next.producerId, producerEpoch: next.epoch };
  }

  addPartitions(producer: ProducerIdentity, partitions: Transaction['partitions']): void {
    const transaction = this.#checked(producer);
    const known = begun(transaction, this.#now());
    const added = partitions.filter(({ topic, partition }) => !includes(known, topic, partition));
    if (added.length === 0 && known === transaction) return;
    this.#save({ ...known, partitions: [...known.partitions, ...added] });
  }

  addGroup(producer: ProducerIdentity, group: string): void {
    const known = begun(this.#checked(producer), this.#now());
    this.#save({ ...known, groups: [...new Set([...known.groups, group])] });
  }

  /** @throws KafkaError unless the producer's open transaction includes the group. */
  checkGroup(producer: ProducerIdentity, group: string): void {
    const { state, groups } = this.#checked(producer);
    if (state !== 'Ongoing' || !groups.includes(group)) throw notIncluded(producer.transactionalId, group);
  }

  /** @throws KafkaError unless the batch's producer has an open transaction that includes the partition. */
  checkBatch({ producerId, producerEpoch }: BatchHeader, topic: string, partition: number): void {
    const transaction = [...this.#byId.values()].find((one) => one.producerId === producerId);
    if (transaction === undefined) {
      throw new KafkaError('invalidProducerIdMapping', `Cannot append: producer ${producerId} has no transactional id`);
    }
    if (transaction.epoch !== producerEpoch) {
      throw new KafkaError('invalidProducerEpoch', `Cannot append: the epoch of producer ${producerId} has moved on`);
    }
    if (transaction.state !== 'Ongoing' || !includes(transaction, topic, partition)) {
      throw notIncluded(transaction.transactionalId, `${topic}-${partition}`);
    }
  }

  /** Ends the open transaction; repeating the same end is allowed. */
  end(producer: ProducerIdentity, committed: boolean): void {
    const transaction = this.#checked(producer);
    const wanted = committed ? 'CompleteCommit' : 'CompleteAbort';
    if (transaction.state === wanted) return;
    if (transaction.state !== 'Ongoing') throw invalidState(producer.transactionalId, transaction.state);
    this.#finish(this.#save({ ...transaction, state: committed ? 'PrepareCommit' : 'PrepareAbort' }), true);
  }

  /**
   * Finishes what has been decided, aborts the transactions that have been open for longer than their producers allow,
   * and fences those producers. What fails is told; the next call tries it again.
   */
  tidyUp(): void {
    for (const transaction of [...this.#byId.values()]) {
      this.#try(() => {
        const { state, startedAt, timeoutMs, epoch } = this.#settled(transaction);
        if (state === 'Ongoing' && this.#now() - startedAt > timeoutMs) this.#abortAs(transaction, epoch + 1);
      });
    }
  }

  close(): void {
    this.#journal.close();
  }

  #abortAs(transaction: Transaction, epoch: number): void {
    this.#finish(this.#save({ ...transaction, epoch, state: 'PrepareAbort' }), true);
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }

  /** The transaction, finished if its end has been decided. @throws KafkaError as `#finish`. */
  #settled(transaction: Transaction): Transaction {
    const isDecided = transaction.state === 'PrepareCommit' || transaction.state === 'PrepareAbort';
    // Some partitions may have their marker already.
    return isDecided ? this.#finish(transaction, false) : transaction;
  }

  /** @throws KafkaError `concurrentTransactions` when the disk refuses a part of it: producers then try again. */
  #finish(transaction: Transaction, always: boolean): Transaction {
    const { transactionalId, producerId, epoch, partitions } = transaction;
    const committed = transaction.state === 'PrepareCommit';
    try {
      for (const { topic, partition } of partitions) {
        // A topic may have been deleted since.
        this.#topics.find(topic)?.logs[partition]?.endTransaction(producerId, epoch, committed, always);
      }
      this.#offsets.endTransaction(producerId, committed);
      return this.#save({ ...transaction, ...noTransaction, state: committed ? 'CompleteCommit' : 'CompleteAbort' });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new KafkaError('concurrentTransactions', `Cannot end the transaction of "${transactionalId}": ${reason}`);
    }
  }

  #nextEpoch(known: Transaction | undefined): { readonly producerId: number; readonly epoch: number } {
    if (known === undefined || known.epoch >= epochMax) return { producerId: this.#takeProducerId(), epoch: 0 };
    return { producerId: known.producerId, epoch: known.epoch + 1 };
  }

  #takeProducerId(): number {
    if (this.#nextProducerId >= this.#producerIdLimit) {
      const limit = this.#nextProducerId + producerIdBlock;
      // Before it counts: a block that the journal does not have would be given out again by the next start.
      this.#journal.append({ nextProducerId: limit });
      this.#producerIdLimit = limit;
    }
    this.#nextProducerId += 1;
    return this.#nextProducerId - 1;
  }

  #checked(producer: ProducerIdentity): Transaction {
    const transaction = this.#byId.get(producer.transactionalId);
    check(transaction, producer);
    return this.#settled(transaction);
  }

  #save(transaction: Transaction): Transaction {
    this.#journal.append(transaction);
    this.#byId.set(transaction.transactionalId, transaction);
    return transaction;
  }
}

const noTransaction = { partitions: [], groups: [], startedAt: -1 } as const;

function check(known: Transaction | undefined, producer: ProducerIdentity): asserts known is Transaction {
  const { transactionalId, producerId, producerEpoch } = producer;
  if (known === undefined || known.producerId !== producerId) {
    const reason = `producer ${producerId} is not the one of this transactional id`;
    throw new KafkaError('invalidProducerIdMapping', `Cannot serve "${transactionalId}": ${reason}`);
  }
  if (known.epoch !== producerEpoch) {
    const reason = `epoch ${producerEpoch} is fenced by ${known.epoch}`;
    throw new KafkaError('producerFenced', `Cannot serve "${transactionalId}": ${reason}`);
  }
}

function begun(transaction: Transaction, now: number): Transaction {
  return transaction.state === 'Ongoing'
    ? transaction
    : { ...transaction, ...noTransaction, state: 'Ongoing', startedAt: now };
}

function includes({ partitions }: Transaction, topic: string, partition: number): boolean {
  return partitions.some((one) => one.topic === topic && one.partition === partition);
}

/** What the producer does out of turn: it has to abort, but may go on with its next transaction (KIP-890). */
function notIncluded(transactionalId: string, what: string): KafkaError {
  return new KafkaError(
    'transactionAbortable',
    `Cannot write "${what}": the transaction of "${transactionalId}" lacks it`,
  );
}

function invalidState(transactionalId: string, state: TransactionState): KafkaError {
  return new KafkaError('invalidTxnState', `Cannot serve "${transactionalId}": its transaction is ${state}`);
}
