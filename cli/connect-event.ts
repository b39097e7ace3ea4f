/** The parts of one event, wherever it is deployed: on this machine or on AWS. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { openHostParts } from '../local/open-parts.ts';
import { type KafkaConnection, kafkaConfig } from '../pipeline/adapters/kafka-connection.ts';
import { kafkaTopicReader } from '../pipeline/adapters/kafka-topic-reader.ts';
import { kafkajsProducer } from '../pipeline/adapters/kafkajs-producer.ts';
import { openWarehouse } from '../pipeline/adapters/open-warehouse.ts';
import { s3ObjectStore } from '../pipeline/adapters/s3-object-store.ts';
import { ssmCatalog } from '../pipeline/adapters/ssm-catalog.ts';
import { CATALOG_PATH, eventStackName, PLATFORM_STACK } from '../pipeline/contract/names.ts';
import { warehouseTable } from '../pipeline/load/warehouse-table.ts';
import type {
  CatalogEntry,
  EventProducer,
  ObjectStore,
  TopicReader,
  Warehouse,
  WarehouseTable,
} from '../pipeline/ports.ts';
import type { LoadMessages } from '../pipeline/status/event-status.ts';
import { CommandError } from './command-error.ts';

/** A laptop host's data folder, or the AWS account and region of the environment. */
export type Place = { readonly dir: string } | 'aws';

export interface EventConnection extends CatalogEntry {
  readonly lake: ObjectStore;
  readonly table: WarehouseTable;
  readonly warehouse: Warehouse;
  readonly kafka: KafkaConnection;
  /** Connects on first use, as the producer does. */
  readonly reader: TopicReader;
  readonly producer: EventProducer;
  loadMessages(): Promise<LoadMessages>;
  close(): Promise<void>;
}

interface Deployed {
  readonly s3: S3Client;
  readonly ssm: SSMClient;
  readonly sqs: SQSClient;
  readonly kafka: KafkaConnection;
  readonly lakeBucket: string;
  readonly loadQueueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly warehouseUrl: string;
  close(): Promise<void>;
}

/** As the platform's functions sign in. */
const IAM_PROPERTIES = 'security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM';

/** @throws CommandError when there is no such event; HostError when there is no host. */
export async function connectEvent(event: string, place: Place): Promise<EventConnection> {
  const deployed = place === 'aws' ? await onAws(event) : await onLaptop(event, place.dir);
  try {
    const entry = await ssmCatalog(CATALOG_PATH, Date.now, deployed.ssm, deployed.s3).find(event);
    if (!entry) {
      throw noSuchEvent(event);
    }
    const lake = s3ObjectStore(deployed.lakeBucket, deployed.s3);
    const warehouse = await openWarehouse(deployed.warehouseUrl, lake, console.error);
    const reader = kafkaTopicReader(deployed.kafka);
    const producer = kafkajsProducer(kafkaConfig(deployed.kafka));
    return {
      ...entry,
      lake,
      table: warehouseTable(entry.contract),
      warehouse,
      kafka: deployed.kafka,
      reader,
      producer,
      loadMessages: () => loadMessages(deployed),
      async close() {
        await Promise.all([reader.close(), producer.disconnect(), warehouse.close()]);
        await deployed.close();
      },
    };
  } catch (error) {
    await deployed.close();
    throw error;
  }
}

/** Approximate, as SQS counts. */
async function loadMessages({ sqs, loadQueueUrl, deadLetterQueueUrl }: Deployed): Promise<LoadMessages> {
  const count = async (QueueUrl: string): Promise<number> => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }));
    return names.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
  };
  return { waiting: await count(loadQueueUrl), failed: await count(deadLetterQueueUrl) };
}

const noSuchEvent = (event: string): CommandError =>
  new CommandError(`Cannot find the event "${event}": it is not deployed here, see its folder in schemas/`);

async function onLaptop(event: string, dir: string): Promise<Deployed> {
  const parts = await openHostParts(dir);
  const {
    LakeBucketName: lakeBucket,
    LoadQueueUrl: loadQueueUrl,
    LoadDeadLetterQueueUrl: deadLetterQueueUrl,
  } = parts.outputs[eventStackName(event)] ?? {};
  if (lakeBucket === undefined || loadQueueUrl === undefined || deadLetterQueueUrl === undefined) {
    await parts.close();
    throw noSuchEvent(event);
  }
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = { endpoint: parts.awsEndpoint, region: 'us-east-1', credentials };
  return {
    s3: new S3Client({ ...client, forcePathStyle: true }),
    ssm: new SSMClient(client),
    sqs: new SQSClient(client),
    kafka: parts.kafka,
    lakeBucket,
    loadQueueUrl,
    deadLetterQueueUrl,
    warehouseUrl: `duckdb:${parts.warehousePath}`,
    close: () => parts.close(),
  };
}

async function onAws(event: string): Promise<Deployed> {
  const stacks = new CloudFormationClient({});
  const [platform, own] = await Promise.all([
    stackOutputs(stacks, PLATFORM_STACK),
    stackOutputs(stacks, eventStackName(event)),
  ]);
  return {
    s3: new S3Client({}),
    ssm: new SSMClient({}),
    sqs: new SQSClient({}),
    kafka: { brokers: platform('BootstrapBrokers'), clientProperties: IAM_PROPERTIES },
    lakeBucket: own('LakeBucketName'),
    loadQueueUrl: own('LoadQueueUrl'),
    deadLetterQueueUrl: own('LoadDeadLetterQueueUrl'),
    warehouseUrl: own('WarehouseUrl'),
    close: async () => {},
  };
}

async function stackOutputs(client: CloudFormationClient, stack: string): Promise<(id: string) => string> {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack })).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Cannot read the stack "${stack}": ${reason}`);
  });
  const outputs = new Map(Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  return (id) => {
    const value = outputs.get(id);
    if (value === undefined) {
      throw new CommandError(`Cannot use the stack "${stack}": it has no output ${id}, deploy it again`);
    }
    return value;
  };
}
