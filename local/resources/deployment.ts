/** What resources are made of, and what they leave running. */
import type { KafkaConnection } from '../../pipeline/adapters/kafka-connection.ts';
import type { AwsEndpoint } from '../aws/aws-endpoint.ts';
import type { Schedule } from '../event-sources/schedule.ts';
import type { FaultRules } from '../fault-rules.ts';
import type { HttpApi } from '../http-api/http-api.ts';
import type { ErrorSummary } from '../lambda/error-summary.ts';
import type { FunctionFault } from '../lambda/function-faults.ts';
import type { LambdaFunction } from '../lambda/lambda-function.ts';
import type { RuntimeApi } from '../lambda/runtime-api.ts';
import type { TopicConsumer } from '../metrics/topic-lags.ts';
import type { SchemaRegistry } from '../schema-registry.ts';
import type { CreatedResource } from '../template/intrinsics.ts';
import type { TopicAdmin } from '../topic-admin.ts';

/** Started after every stack is deployed, as nothing may consume before everything exists. */
export interface EventSource {
  start(): Promise<void> | void;
  stop(): Promise<void>;
}

export interface Deployment {
  /** The DuckDB file. Absolute. */
  readonly warehousePath: string;
  readonly logsDir: string;
  /** For the /tmp of function environments. */
  readonly temporaryDir: string;
  readonly aws: AwsEndpoint;
  readonly runtimeApi: RuntimeApi;
  readonly errors: ErrorSummary;
  readonly functionFaults: FaultRules<FunctionFault>;
  readonly kafka: KafkaConnection;
  readonly topics: TopicAdmin;
  readonly schemas: SchemaRegistry;
  /** The consumer group on that Kafka that stands for one of a template. */
  readonly consumerGroup: (groupId: string) => string;
  /** Of the first HTTP API; others take free ones. */
  readonly apiPort: number;
  /** Folders of function code by `<bucket>/<key>`. */
  readonly code: ReadonlyMap<string, string>;
  readonly functions: LambdaFunction[];
  readonly apis: HttpApi[];
  readonly eventSources: EventSource[];
  /** Those of the event sources that are schedules. */
  readonly schedules: Schedule[];
  /** As whom event source mappings read Kafka. */
  readonly consumers: TopicConsumer[];
  readonly log: (line: string) => void;
}

/** A resource of a template; `properties` are resolved. */
export interface ResourceRequest {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * Makes the resource exist. Idempotent from one run to the next: physical names come from stack and logical id.
 * @throws Error with a reason that the caller completes with the resource's name.
 */
export type CreateResource = (request: ResourceRequest, deployment: Deployment) => Promise<CreatedResource>;
