/** All consumer groups of the broker. */

import { KafkaError } from '../../../pipeline/kafka/error-code.ts';
import type { CommittedOffset, CommittedOffsets } from './committed-offsets.ts';
import { Group, type GroupState } from './group.ts';
import type { Caller, Membership } from './group-members.ts';
import type { JoinAnswer, JoinRequest } from './member.ts';

/** `group.min.session.timeout.ms` and `group.max.session.timeout.ms` of Apache Kafka. */
const sessionTimeoutMs = { min: 6_000, max: 1_800_000 };

/** Groups live in memory, as their members' connections do; their committed offsets are on disk. */
export class GroupCoordinator {
  readonly offsets: CommittedOffsets;
  readonly #groups = new Map<string, Group>();

  constructor(offsets: CommittedOffsets) {
    this.offsets = offsets;
  }

  async join(request: JoinRequest, caller: Caller): Promise<JoinAnswer> {
    if (request.groupId === '') throw new KafkaError('invalidGroupId', 'Cannot join "": a group has a name');
    if (request.sessionTimeoutMs < sessionTimeoutMs.min || request.sessionTimeoutMs > sessionTimeoutMs.max) {
      const range = `${sessionTimeoutMs.min} to ${sessionTimeoutMs.max} ms are allowed`;
      throw new KafkaError(
        'invalidSessionTimeout',
        `Cannot use session timeout "${request.sessionTimeoutMs}": ${range}`,
      );
    }
    const known = this.#groups.get(request.groupId);
    if (known === undefined && request.memberId !== '') throw unknownMember(request.groupId);
    const group = known ?? new Group(request.groupId);
    this.#groups.set(request.groupId, group);
    return group.join(request, caller);
  }

  /** @throws KafkaError `unknownMemberId` when the group has no members. */
  get(groupId: string): Group {
    const group = this.#groups.get(groupId);
    if (group === undefined) throw unknownMember(groupId);
    return group;
  }

  find(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  /** Every group with members or offsets, by name. */
  list(): readonly { readonly groupId: string; readonly state: GroupState; readonly protocolType: string }[] {
    const names = new Set([...this.#groups.keys(), ...this.offsets.groups]);
    return [...names].map((groupId) => {
      const group = this.#groups.get(groupId);
      return { groupId, state: group?.state ?? 'Empty', protocolType: group?.protocolType ?? '' };
    });
  }

  commit(groupId: string, membership: Membership, offsets: readonly CommittedOffset[]): void {
    this.checkCommit(groupId, membership, false);
    if (offsets.length > 0) this.offsets.commit(groupId, offsets);
  }

  /** @throws KafkaError when an offset commit of this membership is not allowed now. */
  checkCommit(groupId: string, membership: Membership, isTransactional: boolean): void {
    const group = this.#groups.get(groupId);
    group?.checkCommit(membership, isTransactional);
    if (group === undefined && membership.generationId >= 0) {
      throw new KafkaError('illegalGeneration', `Cannot commit for group "${groupId}": it has no generation`);
    }
  }

  delete(groupId: string): void {
    const group = this.#groups.get(groupId);
    if (group === undefined && !this.offsets.has(groupId)) {
      throw new KafkaError('groupIdNotFound', `Cannot delete group "${groupId}": there is none`);
    }
    if (group !== undefined && group.state !== 'Empty') {
      throw new KafkaError('nonEmptyGroup', `Cannot delete group "${groupId}": it has members`);
    }
    this.#groups.delete(groupId);
    this.offsets.deleteGroup(groupId);
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
    this.offsets.close();
  }
}

function unknownMember(groupId: string): KafkaError {
  return new KafkaError('unknownMemberId', `Cannot serve group "${groupId}": it has no such member`);
}
