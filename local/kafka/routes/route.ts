/** A handler and the API it serves. */

import type { AnyApi, RequestOf, ResponseOf } from '../../../pipeline/kafka/api.ts';
import { errorCode, KafkaError } from '../../../pipeline/kafka/error-code.ts';
import type { GroupCoordinator } from '../groups/group-coordinator.ts';
import type { ReadBuffer } from '../server/read-buffer.ts';
import type { Topics } from '../topics.ts';
import type { TransactionCoordinator } from '../transactions/transaction-coordinator.ts';

/** Who sends a request, and in which version of the API. */
export interface Caller {
  readonly clientId: string;
  readonly clientHost: string;
  readonly version: number;
  readonly session: Session;
}

/** What belongs to one connection. */
export interface Session {
  /** The SASL mechanism that the client has chosen. */
  mechanism: string | undefined;
  /** Until when the connection may be used, in milliseconds since 1970; 0 before it has authenticated. */
  authenticatedUntil: number;
  /** Memory for the records of an answer. */
  readonly readBuffer: ReadBuffer;
}

/** What the handlers work on. */
export interface BrokerState {
  readonly topics: Topics;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly clusterId: string;
  /** This broker as clients are told to reach it. */
  readonly node: { readonly nodeId: number; readonly host: string; readonly port: number };
  readonly autoCreateTopics: boolean;
  readonly defaultPartitions: number;
  readonly now: () => number;
}

/** Answers a request; `undefined` is no answer at all, which only `acks=0` allows. */
export type Handler<A extends AnyApi> = (
  request: RequestOf<A>,
  caller: Caller,
) => ResponseOf<A> | undefined | Promise<ResponseOf<A> | undefined>;

/** An API and its handler with their types erased, for the table that requests are looked up in. */
export interface Route {
  readonly api: AnyApi;
  readonly handle: (request: unknown, caller: Caller) => unknown;
}

export function route<A extends AnyApi>(api: A, handle: Handler<A>): Route {
  return { api, handle: (request, caller) => handle(request as RequestOf<A>, caller) };
}

/** Runs `action` for one part of a request: what fails becomes that part's error code, and spares the others. */
export function attempt<T>(action: () => T): {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly value?: T;
} {
  try {
    return { errorCode: errorCode.none, errorMessage: null, value: action() };
  } catch (error) {
    if (error instanceof KafkaError) return { errorCode: error.code, errorMessage: error.message };
    process.emitWarning(error instanceof Error ? error : String(error));
    return { errorCode: errorCode.unknownServerError, errorMessage: String(error) };
  }
}

/** The code for clients that know TRANSACTION_ABORTABLE (KIP-890) and for those that do not. */
export function abortable(code: number, isKnown: boolean): number {
  return code === errorCode.transactionAbortable && !isKnown ? errorCode.invalidTxnState : code;
}
