/** DescribeConfigs, AlterConfigs and IncrementalAlterConfigs. */

import { KafkaError } from '../../../pipeline/kafka/error-code.ts';
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from '../../../pipeline/kafka/topic-apis.ts';
import {
  checkConfig,
  checkConfigs,
  configTypeNumber,
  configValue,
  type TopicConfig,
  topicConfigDefinitions,
} from '../topic-config.ts';
import type { Topic } from '../topics.ts';
import { attempt, type BrokerState, type Route, route } from './route.ts';

/** Kafka's numbers (ConfigResource.Type, ConfigEntry.ConfigSource, AlterConfigOp.OpType). */
const resourceType = { topic: 2, broker: 4 } as const;
const configSource = { topic: 1, staticBroker: 4, builtIn: 5 } as const;
const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

export function configRoutes(state: BrokerState): readonly Route[] {
  return [
    route(describeConfigs, ({ resources, includeSynonyms }) => ({
      resources: resources.map((resource) => {
        const { value, ...error } = attempt(() => describe(state, resource));
        const wanted = value?.filter(({ name }) => resource.configurationKeys?.includes(name) ?? true) ?? [];
        const configs = wanted.map((config) => ({
          ...config,
          synonyms: includeSynonyms ? [{ name: config.name, value: config.value, source: config.configSource }] : [],
          configType: configTypeNumber(config.name),
        }));
        return { ...nameOf(resource), ...error, configs };
      }),
    })),
    route(alterConfigs, ({ resources, validateOnly }) => ({
      resources: resources.map((resource) => {
        const given = resource.configs.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const]));
        return change(state, resource, validateOnly, () => Object.fromEntries(given));
      }),
    })),
    route(incrementalAlterConfigs, ({ resources, validateOnly }) => ({
      resources: resources.map((resource) =>
        change(state, resource, validateOnly, (config) => resource.configs.reduce(altered, config)),
      ),
    })),
  ];
}

/** A topic's settings as the protocol tells them. */
export function describedConfigs(config: TopicConfig) {
  return Object.keys(topicConfigDefinitions).map((name) => ({
    name,
    value: configValue(config, name),
    readOnly: false,
    configSource: config[name] === undefined ? configSource.builtIn : configSource.topic,
    isSensitive: false,
  }));
}

function describe(state: BrokerState, resource: Resource) {
  if (resource.resourceType === resourceType.broker) return brokerConfigs(state, resource.resourceName);
  return describedConfigs(topicOf(state, resource).config);
}

/** The few broker settings that clients look at. */
function brokerConfigs({ node, autoCreateTopics, defaultPartitions }: BrokerState, name: string) {
  if (name !== '' && name !== String(node.nodeId)) {
    throw new KafkaError('invalidRequest', `Unexpected broker id, expected ${node.nodeId}, but received ${name}`);
  }
  const settings = {
    'auto.create.topics.enable': String(autoCreateTopics),
    'broker.id': String(node.nodeId),
    'default.replication.factor': '1',
    'node.id': String(node.nodeId),
    'num.partitions': String(defaultPartitions),
  };
  return Object.entries(settings).map(([key, value]) => ({
    name: key,
    value,
    readOnly: true,
    configSource: configSource.staticBroker,
    isSensitive: false,
  }));
}

function change(
  state: BrokerState,
  resource: Resource,
  validateOnly: boolean,
  next: (config: TopicConfig) => TopicConfig,
) {
  const { value: _, ...error } = attempt(() => {
    const topic = topicOf(state, resource);
    const config = next(topic.config);
    checkConfigs(config);
    if (!validateOnly) state.topics.configure(topic, config);
  });
  return { ...nameOf(resource), ...error };
}

function altered(
  config: TopicConfig,
  change: { readonly name: string; readonly operation: number; readonly value: string | null },
): TopicConfig {
  const { name, value } = change;
  const { [name]: _, ...others } = config;
  if (change.operation === operation.delete) {
    checkConfig(name, configValue({}, name));
    return others;
  }
  if (value === null) throw new KafkaError('invalidRequest', `Null value not supported for : ${name}`);
  if (change.operation === operation.set) return { ...config, [name]: value };
  if (topicConfigDefinitions[name]?.type !== 'list') {
    throw new KafkaError('invalidConfig', `Config value append is not allowed for config key: ${name}`);
  }
  const given = value.split(',');
  const present = configValue(config, name)
    .split(',')
    .filter((item) => item !== '' && !given.includes(item));
  return { ...config, [name]: [...present, ...(change.operation === operation.append ? given : [])].join(',') };
}

function topicOf(state: BrokerState, resource: Resource): Topic {
  if (resource.resourceType !== resourceType.topic) {
    throw new KafkaError('invalidRequest', `Cannot use resource type ${resource.resourceType}: topics are supported`);
  }
  const topic = state.topics.find(resource.resourceName);
  if (topic !== undefined) return topic;
  throw new KafkaError('unknownTopicOrPartition', `Cannot find topic "${resource.resourceName}": there is none`);
}

function nameOf({ resourceType, resourceName }: Resource): Resource {
  return { resourceType, resourceName };
}
