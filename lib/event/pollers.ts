/** The provisioned pollers of an event's stream, where its contract asks for them. */
import { createHash } from 'node:crypto';
import type { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { POLLERS } from '../config.ts';

/** Which group an event belongs to follows from its name alone, so that no other event moves when one comes or goes. */
export const pollerGroup = (event: string): string =>
  `headrace-${createHash('sha256').update(event).digest().readUInt32BE(0) % POLLERS.groups}`;

/** Without provisioned pollers Lambda scales its own, which cost nothing. */
export function pollerConfig({ event, sink }: CompiledContract): {
  provisionedPollerConfig?: CfnEventSourceMapping.ProvisionedPollerConfigProperty;
} {
  return sink === undefined
    ? {}
    : {
        provisionedPollerConfig: {
          minimumPollers: 1,
          maximumPollers: sink.pollersMax,
          pollerGroupName: pollerGroup(event),
        },
      };
}
