/** The members of one consumer group: who they are, and how long they may be silent. */

import { type ErrorName, errorCode, KafkaError } from '../../../pipeline/kafka/error-code.ts';
import { copyProtocols, type JoinRequest, type Member } from './member.ts';

/** Who sends a request. */
export interface Caller {
  readonly clientId: string;
  readonly clientHost: string;
  /** Of the API. */
  readonly version: number;
}

/** The fields by which a member names itself. */
export interface Membership {
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

const noBytes = Buffer.alloc(0);
const pendingMembersMax = 1000;

/** In the order in which they came. Their timers never keep the process alive. */
export class GroupMembers implements Iterable<Member> {
  readonly #groupId: string;
  readonly #onSilent: (member: Member) => void;
  readonly #members = new Map<string, Member>();
  /** Ids given out with MEMBER_ID_REQUIRED that have not come back. */
  readonly #pendingIds = new Set<string>();

  /** `onSilent` is told each member whose session ends. */
  constructor(groupId: string, onSilent: (member: Member) => void) {
    this.#groupId = groupId;
    this.#onSilent = onSilent;
  }

  [Symbol.iterator](): Iterator<Member> {
    return this.#members.values();
  }

  get all(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** Remembers an id that was given out, among the newest thousand. */
  giveOut(memberId: string): void {
    const [oldest] = this.#pendingIds;
    if (this.#pendingIds.size >= pendingMembersMax && oldest !== undefined) this.#pendingIds.delete(oldest);
    this.#pendingIds.add(memberId);
  }

  /** Forgets an id that was given out; false when it was not. */
  takeBack(memberId: string): boolean {
    return this.#pendingIds.delete(memberId);
  }

  add(request: JoinRequest, memberId: string, { clientId, clientHost }: Caller): Member {
    const member = {
      memberId,
      groupInstanceId: request.groupInstanceId,
      clientId,
      clientHost,
      sessionTimeoutMs: request.sessionTimeoutMs,
      rebalanceTimeoutMs: rebalanceTimeoutOf(request),
      protocols: copyProtocols(request.protocols),
      assignment: noBytes,
    };
    this.#members.set(memberId, member);
    return member;
  }

  /** Takes over what a member says when it joins again. */
  renew(member: Member, request: JoinRequest): void {
    member.answerJoin?.({ errorCode: errorCode.unknownMemberId });
    member.protocols = copyProtocols(request.protocols);
    member.sessionTimeoutMs = request.sessionTimeoutMs;
    member.rebalanceTimeoutMs = rebalanceTimeoutOf(request);
    this.restartSession(member);
  }

  /** A restarted static member takes over its old place under a new id; the old id is fenced. */
  rename(member: Member, memberId: string): void {
    member.answerJoin?.({ errorCode: errorCode.fencedInstanceId });
    member.answerSync?.({ errorCode: errorCode.fencedInstanceId });
    member.answerJoin = undefined;
    member.answerSync = undefined;
    this.#members.delete(member.memberId);
    member.memberId = memberId;
    this.#members.set(memberId, member);
  }

  drop(member: Member): void {
    clearTimeout(member.sessionTimer);
    this.#members.delete(member.memberId);
    member.answerJoin?.({ errorCode: errorCode.unknownMemberId });
    member.answerSync?.({ errorCode: errorCode.unknownMemberId });
  }

  restartSession(member: Member): void {
    clearTimeout(member.sessionTimer);
    member.sessionTimer = setTimeout(() => this.#onSilent(member), member.sessionTimeoutMs).unref();
  }

  findInstance(groupInstanceId: string): Member | undefined {
    return this.all.find((member) => member.groupInstanceId === groupInstanceId);
  }

  /** @throws KafkaError when there is no such member, or it is of another generation. */
  identify({ generationId, memberId, groupInstanceId }: Membership, generation: number): Member {
    const instance = groupInstanceId === null ? undefined : this.findInstance(groupInstanceId);
    if (instance !== undefined && instance.memberId !== memberId) throw refusal('fencedInstanceId', this.#groupId);
    const member = this.#members.get(memberId);
    if (member === undefined) throw refusal('unknownMemberId', this.#groupId);
    if (generationId !== generation) throw refusal('illegalGeneration', this.#groupId);
    return member;
  }

  /** Stops all timers. */
  close(): void {
    for (const { sessionTimer } of this.#members.values()) clearTimeout(sessionTimer);
  }
}

/** What a group answers to a request that it does not take. */
export function refusal(name: ErrorName, groupId: string): KafkaError {
  return new KafkaError(name, `Cannot serve group "${groupId}": ${name}`);
}

function rebalanceTimeoutOf({ rebalanceTimeoutMs, sessionTimeoutMs }: JoinRequest): number {
  return rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs;
}
