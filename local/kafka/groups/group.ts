/** One consumer group: the classic rebalance protocol's state machine. */

import { randomUUID } from 'node:crypto';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import { type Caller, GroupMembers, type Membership, refusal } from './group-members.ts';
import {
  type ChosenProtocol,
  type JoinAnswer,
  type JoinRequest,
  type Member,
  type SyncAnswer,
  sameProtocols,
  subscribes,
  supports,
  vote,
} from './member.ts';

/** Kafka's names of the states. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

const noBytes = Buffer.alloc(0);
/** From this JoinGroup version on a new member must come back with the id it was given (KIP-394). */
const memberIdRequiredVersion = 4;
/** The first version of JoinGroup whose leader can be told to assign nothing (KIP-814). */
const skipAssignmentVersion = 9;

/**
 * A group. Join and sync requests are held back until the rebalance lets them be answered.
 * Follows GroupMetadata and GroupCoordinator of apache/kafka.
 */
export class Group {
  readonly groupId: string;
  readonly #members: GroupMembers;
  #state: GroupState = 'Empty';
  #generation = 0;
  #protocolType = '';
  #protocolName: string | null = null;
  #leader: Member | undefined;
  #rebalanceTimer: NodeJS.Timeout | undefined;
  /** Members of the generation whose SyncGroup has not come. */
  readonly #unsynced = new Set<Member>();
  #syncTimer: NodeJS.Timeout | undefined;

  constructor(groupId: string) {
    this.groupId = groupId;
    this.#members = new GroupMembers(groupId, (member) => this.#remove(member));
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
    return this.#members;
  }

  /** Adds or renews a member and answers when the generation begins. */
  async join(request: JoinRequest, caller: Caller): Promise<JoinAnswer> {
    this.#checkProtocols(request);
    const isStatic = request.groupInstanceId !== null;
    if (request.memberId === '') {
      const memberId = `${request.groupInstanceId ?? caller.clientId}-${randomUUID()}`;
      if (isStatic) return this.#joinStatic(request, memberId, caller);
      if (caller.version < memberIdRequiredVersion) return this.#joinNew(request, memberId, caller);
      this.#members.giveOut(memberId);
      return { errorCode: errorCode.memberIdRequired, memberId };
    }
    if (this.#members.takeBack(request.memberId)) return this.#joinNew(request, request.memberId, caller);
    return this.#rejoin(this.#memberOf({ ...request, generationId: this.#generation }), request);
  }

  /** Takes the leader's assignments; everybody is answered once they are known. */
  async sync(
    membership: Membership,
    protocol: ChosenProtocol,
    assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[],
  ): Promise<SyncAnswer> {
    const member = this.#memberOf(membership);
    this.#checkChosen(protocol);
    this.#members.restartSession(member);
    if (this.#state === 'PreparingRebalance') throw refusal('rebalanceInProgress', this.groupId);
    this.#unsynced.delete(member);
    if (this.#state === 'Stable') return this.#syncAnswer(member);
    const answer = new Promise<SyncAnswer>((resolve) => {
      member.answerSync = resolve;
    });
    if (member === this.#leader) this.#assign(assignments);
    return answer;
  }

  heartbeat(membership: Membership): void {
    this.#members.restartSession(this.#memberOf(membership));
    if (this.#state === 'PreparingRebalance') throw refusal('rebalanceInProgress', this.groupId);
  }

  /** Removes the member for good. */
  leave(memberId: string, groupInstanceId: string | null): void {
    if (this.#members.takeBack(memberId)) return;
    const isByInstance = memberId === '' && groupInstanceId !== null;
    const byInstance = isByInstance ? this.#members.findInstance(groupInstanceId) : undefined;
    this.#remove(byInstance ?? this.#memberOf({ generationId: this.#generation, memberId, groupInstanceId }));
  }

  /** @throws KafkaError when an offset commit of this membership is not allowed now. */
  checkCommit(membership: Membership, isTransactional: boolean): void {
    const { generationId, memberId, groupInstanceId } = membership;
    const isNobody = generationId < 0 && memberId === '' && groupInstanceId === null;
    // A consumer that assigns its own partitions commits as nobody, only while the group has no members; a transaction
    // of before KIP-447 is fenced by its producer alone.
    if (isNobody && (isTransactional || this.#state === 'Empty')) return;
    this.#memberOf(membership);
    if (this.#state === 'CompletingRebalance' && !isTransactional) throw refusal('rebalanceInProgress', this.groupId);
  }

  /** Whether a member consumes the topic; unknown subscriptions count as all topics. */
  isSubscribedTo(topic: string): boolean {
    return this.#members.all.some((member) => subscribes(member, this.#protocolName, topic));
  }

  /** Stops all timers; requests that are held back stay unanswered. */
  close(): void {
    clearTimeout(this.#rebalanceTimer);
    clearTimeout(this.#syncTimer);
    this.#members.close();
  }

  #checkProtocols({ protocolType, protocols }: JoinRequest): void {
    const others = this.#members.all;
    const isKnownType = others.length === 0 || protocolType === this.#protocolType;
    const hasShared = protocols.some(({ name }) => others.every((other) => supports(other, name)));
    if (protocolType === '' || !isKnownType || !hasShared) throw refusal('inconsistentGroupProtocol', this.groupId);
  }

  #checkChosen({ protocolType, protocolName }: ChosenProtocol): void {
    const isType = protocolType === null || protocolType === this.#protocolType;
    const isName = protocolName === null || protocolName === this.#protocolName;
    if (!isType || !isName) throw refusal('inconsistentGroupProtocol', this.groupId);
  }

  #joinNew(request: JoinRequest, memberId: string, caller: Caller): Promise<JoinAnswer> {
    this.#protocolType = request.protocolType;
    return this.#joinAs(this.#members.add(request, memberId, caller));
  }

  #joinStatic(request: JoinRequest, memberId: string, caller: Caller): Promise<JoinAnswer> | JoinAnswer {
    const known = this.#members.findInstance(request.groupInstanceId ?? '');
    if (known === undefined) return this.#joinNew(request, memberId, caller);
    const formerId = known.memberId;
    this.#members.rename(known, memberId);
    this.#members.renew(known, request);
    // Kafka lets a restart pass without a rebalance whenever the protocol stays, even if the subscription does not.
    const isSame = vote(this.#members.all) === this.#protocolName;
    if (this.#state !== 'Stable' || !isSame) return this.#joinAs(known);
    const answer = this.#joinAnswer(known);
    // An older client that hears that it leads assigns anew; it is told that the leader is who it was before.
    const mayLead = caller.version >= skipAssignmentVersion || known !== this.#leader;
    return mayLead ? answer : { ...answer, leader: formerId, members: [], skipAssignment: false };
  }

  #rejoin(member: Member, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const isSame = sameProtocols(member.protocols, request.protocols);
    this.#members.renew(member, request);
    const isSettled = this.#state === 'CompletingRebalance' || (this.#state === 'Stable' && member !== this.#leader);
    if (isSettled && isSame) return this.#joinAnswer(member);
    return this.#joinAs(member);
  }

  #joinAs(member: Member): Promise<JoinAnswer> {
    // A member that waits for the others is alive, however long that takes.
    clearTimeout(member.sessionTimer);
    const answer = new Promise<JoinAnswer>((resolve) => {
      member.answerJoin = resolve;
    });
    this.#rebalance();
    return answer;
  }

  #remove(member: Member): void {
    this.#drop(member);
    this.#rebalance();
  }

  #drop(member: Member): void {
    this.#members.drop(member);
    this.#unsynced.delete(member);
    if (this.#leader === member) this.#leader = undefined;
  }

  /** Begins a rebalance, or ends the one under way when nobody is missing any more. */
  #rebalance(): void {
    if (this.#state !== 'PreparingRebalance') this.#prepareRebalance();
    if (this.#members.all.every(({ answerJoin }) => answerJoin !== undefined)) this.#completeJoin();
  }

  #prepareRebalance(): void {
    this.#state = 'PreparingRebalance';
    for (const member of this.#members) {
      member.answerSync?.({ errorCode: errorCode.rebalanceInProgress });
      member.answerSync = undefined;
    }
    clearTimeout(this.#rebalanceTimer);
    clearTimeout(this.#syncTimer);
    this.#unsynced.clear();
    this.#rebalanceTimer = setTimeout(() => this.#completeJoin(), this.#timeoutMs()).unref();
  }

  /** The longest that a member may need to rejoin, or to sync. */
  #timeoutMs(): number {
    return Math.max(0, ...this.#members.all.map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs));
  }

  /** A member that joined and never syncs, and be it the leader with its heartbeats, holds up the others no longer. */
  #dropUnsynced(): void {
    if (this.#unsynced.size === 0) return;
    for (const member of [...this.#unsynced]) this.#drop(member);
    this.#rebalance();
  }

  #completeJoin(): void {
    clearTimeout(this.#rebalanceTimer);
    for (const member of this.#members.all) {
      // A static member may be restarting: only its session's end removes it.
      if (member.answerJoin === undefined && member.groupInstanceId === null) this.#drop(member);
    }
    this.#generation += 1;
    const members = this.#members.all;
    if (members.length === 0) {
      this.#state = 'Empty';
      this.#protocolName = null;
      this.#leader = undefined;
      return;
    }
    this.#state = 'CompletingRebalance';
    this.#protocolName = vote(members);
    if (this.#leader?.answerJoin === undefined) {
      this.#leader = members.find(({ answerJoin }) => answerJoin !== undefined);
    }
    for (const member of members) {
      member.answerJoin?.(this.#joinAnswer(member));
      member.answerJoin = undefined;
      this.#members.restartSession(member);
      this.#unsynced.add(member);
    }
    this.#syncTimer = setTimeout(() => this.#dropUnsynced(), this.#timeoutMs()).unref();
  }

  #joinAnswer(member: Member): JoinAnswer {
    const isLeader = member === this.#leader;
    return {
      errorCode: errorCode.none,
      generationId: this.#generation,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      leader: this.#leader?.memberId ?? '',
      skipAssignment: isLeader && this.#state === 'Stable',
      memberId: member.memberId,
      members: isLeader
        ? this.#members.all.map(({ memberId, groupInstanceId, protocols }) => ({
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
    for (const member of this.#members) {
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

  #memberOf(membership: Membership): Member {
    return this.#members.identify(membership, this.#generation);
  }
}
