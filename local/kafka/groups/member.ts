/** One member of a consumer group. */

import type { RequestOf, ResponseOf } from '../../../pipeline/kafka/api.ts';
import type { joinGroup, syncGroup } from '../../../pipeline/kafka/group-apis.ts';
import { MalformedFrameError, WireReader } from '../../../pipeline/kafka/wire-reader.ts';
import { array, string } from '../../../pipeline/kafka/wire-type.ts';

export type JoinRequest = RequestOf<typeof joinGroup>;
export type JoinAnswer = ResponseOf<typeof joinGroup>;
export type SyncAnswer = ResponseOf<typeof syncGroup>;

/** The protocol that a newer client takes for chosen; nulls of an older one. */
export interface ChosenProtocol {
  readonly protocolType: string | null;
  readonly protocolName: string | null;
}

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

/**
 * Whether the member's subscription for the protocol has the topic, by the consumer protocol's ConsumerProtocolSubscription:
 * a version and a list of topics. What is no such subscription counts as one to all topics.
 */
export function subscribes({ protocols }: Member, protocolName: string | null, topic: string): boolean {
  const metadata = protocols.find(({ name }) => name === protocolName)?.metadata;
  if (metadata === undefined) return true;
  try {
    const reader = new WireReader(metadata, 0, false, 2);
    return array(string).read(reader).includes(topic);
  } catch (error) {
    if (error instanceof MalformedFrameError) return true;
    throw error;
  }
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
