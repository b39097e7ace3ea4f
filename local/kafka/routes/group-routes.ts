/** The APIs of consumer groups. */

import type { RequestOf, ResponseOf } from '../../../pipeline/kafka/api.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import {
  deleteGroups,
  describeGroups,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  syncGroup,
} from '../../../pipeline/kafka/group-apis.ts';
import type { Group } from '../groups/group.ts';
import { attempt, type BrokerState, type Route, route } from './route.ts';

const noBytes = Buffer.alloc(0);

export function groupRoutes(state: BrokerState): readonly Route[] {
  const { groups, node } = state;
  return [
    route(findCoordinator, ({ coordinatorKeys }) => ({
      ...node,
      coordinators: coordinatorKeys.map((key) => ({ key, ...node, errorCode: errorCode.none })),
    })),
    route(joinGroup, (request, caller) => groups.join(request, caller)),
    route(syncGroup, (request) => groups.get(request.groupId).sync(request, request, request.assignments)),
    route(heartbeat, (request) => {
      groups.get(request.groupId).heartbeat(request);
      return { errorCode: errorCode.none };
    }),
    route(leaveGroup, (request, { version }) => leave(groups.get(request.groupId), request, version)),
    route(listGroups, ({ statesFilter, typesFilter }) => ({
      errorCode: errorCode.none,
      groups: groups
        .list()
        .filter(({ state }) => statesFilter.length === 0 || statesFilter.includes(state))
        .filter(() => typesFilter.length === 0 || typesFilter.some((type) => type.toLowerCase() === 'classic'))
        .map(({ groupId, state, protocolType }) => ({ groupId, protocolType, groupState: state })),
    })),
    route(describeGroups, (request) => ({ groups: request.groups.map((groupId) => describe(state, groupId)) })),
    route(deleteGroups, (request) => ({
      groups: request.groups.map((groupId) => {
        const { errorCode } = attempt(() => groups.delete(groupId));
        return { groupId, errorCode };
      }),
    })),
  ];
}

function leave(group: Group, request: RequestOf<typeof leaveGroup>, version: number): ResponseOf<typeof leaveGroup> {
  if (version < 3) {
    group.leave(request.memberId, null);
    return { errorCode: errorCode.none };
  }
  const members = request.members.map(({ memberId, groupInstanceId }) => {
    const { errorCode } = attempt(() => group.leave(memberId, groupInstanceId));
    return { memberId, groupInstanceId, errorCode };
  });
  return { errorCode: errorCode.none, members };
}

function describe({ groups }: BrokerState, groupId: string) {
  const group = groups.find(groupId);
  if (group === undefined) {
    return { errorCode: errorCode.none, groupId, groupState: groups.offsets.has(groupId) ? 'Empty' : 'Dead' };
  }
  const isStable = group.state === 'Stable';
  const protocolData = isStable ? (group.protocolName ?? '') : '';
  const members = [...group.members].map(
    ({ memberId, groupInstanceId, clientId, clientHost, protocols, assignment }) => ({
      memberId,
      groupInstanceId,
      clientId,
      clientHost,
      memberMetadata: (isStable ? protocols.find(({ name }) => name === protocolData)?.metadata : undefined) ?? noBytes,
      memberAssignment: isStable ? assignment : noBytes,
    }),
  );
  const { state: groupState, protocolType } = group;
  return { errorCode: errorCode.none, groupId, groupState, protocolType, protocolData, members };
}
