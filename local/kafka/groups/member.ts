/** One member of a consumer group. */

import type { RequestOf, ResponseOf } from '../protocol/api.ts';
import type { joinGroup, syncGroup } from '../protocol/group-apis.ts';

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
