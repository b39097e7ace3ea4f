/** One member of a consumer group. */

import type { RequestOf, ResponseOf } from '../../../pipeline/kafka/api.ts';
import type { joinGroup, syncGroup } from '../../../pipeline/kafka/group-apis.ts';

export type JoinRequest = RequestOf<typeof joinGroup>;
export type JoinAnswer = ResponseOf<typeof joinGroup>;
export type SyncAnswer = ResponseOf<typeof syncGroup>;

/** A member; the waiting functions answer a request that the group holds back. */
export interface Member {
  memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: JoinRequest['protocols'];
  assignment: Buffer;
  answerJoin?: ((answer: JoinAnswer) => void) | undefined;
  answerSync?: ((answer: SyncAnswer) => void) | undefined;
  sessionTimer?: NodeJS.Timeout | undefined;
}

/** Whether the member would be assigned the same as before: Kafka rebalances only when this changes. */
export function sameProtocols(a: JoinRequest['protocols'], b: JoinRequest['protocols']): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, metadata }, at) => name === b[at]?.name && metadata.equals(b[at].metadata))
  );
}

/** Whether the member knows the protocol. */
export function supports({ protocols }: Member, wanted: string): boolean {
  return protocols.some(({ name }) => name === wanted);
}

/** The protocol that most members prefer among those that all support: each votes for its first. */
export function vote(members: readonly Member[]): string | null {
  const shared = (members[0]?.protocols ?? []).filter(({ name }) => members.every((member) => supports(member, name)));
  const votes = members.map(({ protocols }) => protocols.find(({ name }) => shared.some((one) => one.name === name)));
  const count = (wanted: string) => votes.filter((one) => one?.name === wanted).length;
  return shared.toSorted((a, b) => count(b.name) - count(a.name))[0]?.name ?? null;
}

/** Copies, because a member outlives the frame that its metadata is a view of. */
export function copyProtocols(protocols: JoinRequest['protocols']): JoinRequest['protocols'] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
}
