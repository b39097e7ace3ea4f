/** One consumer group: the classic rebalance protocol's state machine. */

import { randomUUID } from 'node:crypto';
import { type ErrorName, errorCode, KafkaError } from '../../../pipeline/kafka/error-code.ts';
import {
  copyProtocols,
  type JoinAnswer,
  type JoinRequest,
  type Member,
  type SyncAnswer,
  sameProtocols,
  supports,
  vote,
} from './member.ts';

/** Kafka's names of the states. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

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
/** From this JoinGroup version on a new member must come back with the id it was given (KIP-394). */
const memberIdRequiredVersion = 4;
const pendingMembersMax = 1000;

/**
 * A group. Join and sync requests are held back until the rebalance lets them be answered.
 * Follows GroupMetadata and GroupCoordinator of apache/kafka; a member's timers never keep the process alive.
 */
export class Group {
  readonly groupId: string;
  readonly #members = new Map<string, Member>();
  /** Ids given out with MEMBER_ID_REQUIRED that have not come back. */
  readonly #pendingIds = new Set<string>();
  #state: GroupState = 'Empty';
  #generation = 0;
  #protocolType = '';
  #protocolName: string | null = null;
  #leader: string | null = null;
  #rebalanceTimer: NodeJS.Timeout | undefined;

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  get state(): GroupState {
    return this.#state;
  }

  get protocolType(): string {
    return this.#protocolType;
  }

  get protocolName(): string | null {
    return this.#protocolName;
  }

  get members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Adds or renews a member and answers when the generation begins. */
  async join(request: JoinRequest, caller: Caller): Promise<JoinAnswer> {
    this.#checkProtocols(request);
    const isStatic = request.groupInstanceId !== null;
    if (request.memberId === '') {
      const memberId = `${request.groupInstanceId ?? caller.clientId}-${randomUUID()}`;
      if (isStatic) return this.#joinStatic(request, memberId, caller);
      if (caller.version >= memberIdRequiredVersion) return this.#requireMemberId(memberId);
      return this.#joinAs(this.#add(request, memberId, caller));
    }
    if (this.#pendingIds.delete(request.memberId)) return this.#joinAs(this.#add(request, request.memberId, caller));
    return this.#rejoin(this.#memberOf({ ...request, generationId: this.#generation }), request);
  }

  /** Takes the leader's assignments; everybody is answered once they are known. */
  async sync(
    membership: Membership,
    assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[],
  ): Promise<SyncAnswer> {
    const member = this.#memberOf(membership);
    this.#restartSession(member);
    if (this.#state === 'PreparingRebalance') throw refusal('rebalanceInProgress', this.groupId);
    if (this.#state === 'Stable') return this.#syncAnswer(member);
    const answer = new Promise<SyncAnswer>((resolve) => {
      member.answerSync = resolve;
    });
    if (member.memberId === this.#leader) this.#assign(assignments);
    return answer;
  }

  heartbeat(membership: Membership): void {
    this.#restartSession(this.#memberOf(membership));
    if (this.#state === 'PreparingRebalance') throw refusal('rebalanceInProgress', this.groupId);
  }

  /** Removes the member for good. */
  leave(memberId: string, groupInstanceId: string | null): void {
    if (this.#pendingIds.delete(memberId)) return;
    const byInstance = memberId === '' && groupInstanceId !== null ? this.#findInstance(groupInstanceId) : undefined;
    this.#remove(byInstance ?? this.#memberOf({ generationId: this.#generation, memberId, groupInstanceId }));
  }

  /** @throws KafkaError when an offset commit of this membership is not allowed now. */
  checkCommit({ generationId, memberId, groupInstanceId }: Membership): void {
    // A consumer that assigns its own partitions commits without a generation: only while the group has no members.
    if (generationId < 0 && memberId === '' && this.#state === 'Empty') return;
    this.#memberOf({ generationId, memberId, groupInstanceId });
    if (this.#state === 'CompletingRebalance') throw refusal('rebalanceInProgress', this.groupId);
  }

  /** Stops all timers; requests that are held back stay unanswered. */
  close(): void {
    clearTimeout(this.#rebalanceTimer);
    for (const { sessionTimer } of this.#members.values()) clearTimeout(sessionTimer);
  }

  #checkProtocols({ protocolType, protocols }: JoinRequest): void {
    const isKnownType = this.#members.size === 0 || protocolType === this.#protocolType;
    const others = [...this.#members.values()];
    const hasShared = protocols.some(({ name }) => others.every((other) => supports(other, name)));
    if (protocolType === '' || !isKnownType || !hasShared) throw refusal('inconsistentGroupProtocol', this.groupId);
  }

  #requireMemberId(memberId: string): JoinAnswer {
    const [oldest] = this.#pendingIds;
    if (this.#pendingIds.size >= pendingMembersMax && oldest !== undefined) this.#pendingIds.delete(oldest);
    this.#pendingIds.add(memberId);
    return { errorCode: errorCode.memberIdRequired, memberId };
  }

  #joinStatic(request: JoinRequest, memberId: string, caller: Caller): Promise<JoinAnswer> | JoinAnswer {
    const known = this.#findInstance(request.groupInstanceId ?? '');
    if (known === undefined) return this.#joinAs(this.#add(request, memberId, caller));
    this.#rename(known, memberId);
    this.#renew(known, request);
    // Kafka lets a restart pass without a rebalance whenever the protocol stays, even if the subscription does not.
    const isSame = vote([...this.#members.values()]) === this.#protocolName;
    if (this.#state === 'Stable' && isSame) return this.#joinAnswer(known);
    return this.#joinAs(known);
  }

  #rejoin(member: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const isSame = sameProtocols(member.protocols, request.protocols);
    const isLeader = member.memberId === this.#leader;
    this.#renew(member, request);
    const isSettled = this.#state === 'CompletingRebalance' || (this.#state === 'Stable' && !isLeader);
    if (isSettled && isSame) return this.#joinAnswer(member);
    return this.#joinAs(member);
  }

  #joinAs(member: Member): Promise<JoinAnswer> {
    // A member that waits for the others is alive, however long that takes.
    clearTimeout(member.sessionTimer);
    const answer = new Promise<JoinAnswer>((resolve) => {
      member.answerJoin = resolve;
    });
    if (this.#state === 'PreparingRebalance') this.#completeIfAllJoined();
    else this.#prepareRebalance();
    return answer;
  }

  #prepareRebalance(): void {
    this.#state = 'PreparingRebalance';
    for (const member of this.#members.values()) {
      member.answerSync?.({ errorCode: errorCode.rebalanceInProgress });
      member.answerSync = undefined;
    }
    clearTimeout(this.#rebalanceTimer);
    const timeoutMs = Math.max(0, ...[...this.#members.values()].map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs));
    this.#rebalanceTimer = setTimeout(() => this.#completeJoin(), timeoutMs).unref();
    this.#completeIfAllJoined();
  }

  #completeIfAllJoined(): void {
    if ([...this.#members.values()].every(({ answerJoin }) => answerJoin !== undefined)) this.#completeJoin();
  }

  #completeJoin(): void {
    clearTimeout(this.#rebalanceTimer);
    for (const member of [...this.#members.values()]) {
      // A static member may be restarting: only its session's end removes it.
      if (member.answerJoin === undefined && member.groupInstanceId === null) this.#drop(member);
    }
    this.#generation += 1;
    const members = [...this.#members.values()];
    if (members.length === 0) {
      this.#state = 'Empty';
      this.#protocolName = null;
      this.#leader = null;
      return;
    }
    this.#state = 'CompletingRebalance';
    this.#protocolName = vote(members);
    const present = members.filter(({ answerJoin }) => answerJoin !== undefined);
    if (!present.some(({ memberId }) => memberId === this.#leader)) this.#leader = present[0]?.memberId ?? null;
    for (const member of members) {
      member.answerJoin?.(this.#joinAnswer(member));
      member.answerJoin = undefined;
      this.#restartSession(member);
    }
  }

  #joinAnswer(member: Member): JoinAnswer {
    const isLeader = member.memberId === this.#leader;
    return {
      errorCode: errorCode.none,
      generationId: this.#generation,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      leader: this.#leader ?? '',
      skipAssignment: isLeader && this.#state === 'Stable',
      memberId: member.memberId,
      members: isLeader
        ? [...this.#members.values()].map(({ memberId, groupInstanceId, protocols }) => ({
            memberId,
            groupInstanceId,
            metadata: protocols.find(({ name }) => name === this.#protocolName)?.metadata ?? noBytes,
          }))
        : [],
    };
  }

  #assign(assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]): void {
    const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
    this.#state = 'Stable';
    for (const member of this.#members.values()) {
      // A copy: the request's frame must not live as long as the group.
      member.assignment = Buffer.from(byMember.get(member.memberId) ?? noBytes);
      member.answerSync?.(this.#syncAnswer(member));
      member.answerSync = undefined;
    }
  }

  #syncAnswer({ assignment }: Member): SyncAnswer {
    return {
      errorCode: errorCode.none,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      assignment,
    };
  }

  #add(request: JoinRequest, memberId: string, { clientId, clientHost }: Caller): Member {
    const { groupInstanceId, sessionTimeoutMs } = request;
    const rebalanceTimeoutMs = request.rebalanceTimeoutMs < 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs;
    const member = {
      memberId,
      groupInstanceId,
      clientId,
      clientHost,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocols: copyProtocols(request.protocols),
      assignment: noBytes,
    };
    this.#protocolType = request.protocolType;
    this.#members.set(memberId, member);
    return member;
  }

  #renew(member: Member, request: JoinRequest): void {
    member.answerJoin?.({ errorCode: errorCode.unknownMemberId });
    member.protocols = copyProtocols(request.protocols);
    member.sessionTimeoutMs = request.sessionTimeoutMs;
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs < 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs;
    this.#restartSession(member);
  }

  /** A restarted static member takes over its old place under a new id; the old id is fenced. */
  #rename(member: Member, memberId: string): void {
    member.answerJoin?.({ errorCode: errorCode.fencedInstanceId });
    member.answerSync?.({ errorCode: errorCode.fencedInstanceId });
    member.answerJoin = undefined;
    member.answerSync = undefined;
    this.#members.delete(member.memberId);
    if (this.#leader === member.memberId) this.#leader = memberId;
    member.memberId = memberId;
    this.#members.set(memberId, member);
  }

  #restartSession(member: Member): void {
    clearTimeout(member.sessionTimer);
    member.sessionTimer = setTimeout(() => this.#remove(member), member.sessionTimeoutMs).unref();
  }

  #remove(member: Member): void {
    this.#drop(member);
    if (this.#state === 'PreparingRebalance') this.#completeIfAllJoined();
    else this.#prepareRebalance();
  }

  #drop(member: Member): void {
    clearTimeout(member.sessionTimer);
    this.#members.delete(member.memberId);
    if (this.#leader === member.memberId) this.#leader = null;
    member.answerJoin?.({ errorCode: errorCode.unknownMemberId });
    member.answerSync?.({ errorCode: errorCode.unknownMemberId });
  }

  #findInstance(groupInstanceId: string): Member | undefined {
    return [...this.#members.values()].find((member) => member.groupInstanceId === groupInstanceId);
  }

  #memberOf({ generationId, memberId, groupInstanceId }: Membership): Member {
    const instance = groupInstanceId === null ? undefined : this.#findInstance(groupInstanceId);
    if (instance !== undefined && instance.memberId !== memberId) throw refusal('fencedInstanceId', this.groupId);
    const member = this.#members.get(memberId);
    if (member === undefined) throw refusal('unknownMemberId', this.groupId);
    if (generationId !== this.#generation) throw refusal('illegalGeneration', this.groupId);
    return member;
  }
}

function refusal(name: ErrorName, groupId: string): KafkaError {
  return new KafkaError(name, `Cannot serve group "${groupId}": ${name}`);
}
