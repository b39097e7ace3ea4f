/** The settings of a topic: names, defaults and checks as in Apache Kafka. */

import { KafkaError } from '../../pipeline/kafka/error-code.ts';
import type { LogSettings } from './log/log-settings.ts';

/** Values as text, by name; only those that differ from the defaults. */
export type TopicConfig = Readonly<Record<string, string>>;

/** Kafka's numbers for types in DescribeConfigs. */
const configType = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 } as const;

/** One setting. */
export interface ConfigDefinition {
  readonly type: keyof typeof configType;
  readonly fallback: string;
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly string[];
}

const longMax = '9223372036854775807';
const intMax = 2_147_483_647;
const anyNumber = Number.NEGATIVE_INFINITY;

/** Apache Kafka 4's topic settings. Those that need several brokers or tiers are accepted and have no effect. */
export const topicConfigDefinitions: Readonly<Record<string, ConfigDefinition>> = {
  'cleanup.policy': { type: 'list', fallback: 'delete', oneOf: ['delete', 'compact'] },
  'compression.gzip.level': { type: 'int', fallback: '-1', min: -1 },
  'compression.lz4.level': { type: 'int', fallback: '9', min: 1 },
  'compression.type': {
    type: 'string',
    fallback: 'producer',
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
  },
  'compression.zstd.level': { type: 'int', fallback: '3', min: anyNumber },
  'delete.retention.ms': { type: 'long', fallback: '86400000', min: 0 },
  'file.delete.delay.ms': { type: 'long', fallback: '60000', min: 0 },
  'flush.messages': { type: 'long', fallback: longMax, min: 1 },
  'flush.ms': { type: 'long', fallback: longMax, min: 0 },
  'follower.replication.throttled.replicas': { type: 'list', fallback: '' },
  'index.interval.bytes': { type: 'int', fallback: '4096', min: 0 },
  'leader.replication.throttled.replicas': { type: 'list', fallback: '' },
  'local.retention.bytes': { type: 'long', fallback: '-2', min: -2 },
  'local.retention.ms': { type: 'long', fallback: '-2', min: -2 },
  'max.compaction.lag.ms': { type: 'long', fallback: longMax, min: 1 },
  'max.message.bytes': { type: 'int', fallback: '1048588', min: 0 },
  'message.timestamp.after.max.ms': { type: 'long', fallback: '3600000', min: 0 },
  'message.timestamp.before.max.ms': { type: 'long', fallback: longMax, min: 0 },
  'message.timestamp.type': { type: 'string', fallback: 'CreateTime', oneOf: ['CreateTime', 'LogAppendTime'] },
  'min.cleanable.dirty.ratio': { type: 'double', fallback: '0.5', min: 0, max: 1 },
  'min.compaction.lag.ms': { type: 'long', fallback: '0', min: 0 },
  'min.insync.replicas': { type: 'int', fallback: '1', min: 1 },
  preallocate: { type: 'boolean', fallback: 'false' },
  'remote.log.copy.disable': { type: 'boolean', fallback: 'false' },
  'remote.log.delete.on.disable': { type: 'boolean', fallback: 'false' },
  'remote.storage.enable': { type: 'boolean', fallback: 'false' },
  'retention.bytes': { type: 'long', fallback: '-1', min: anyNumber },
  'retention.ms': { type: 'long', fallback: '604800000', min: -1 },
  'segment.bytes': { type: 'int', fallback: '1073741824', min: 1024 * 1024 },
  'segment.index.bytes': { type: 'int', fallback: '10485760', min: 4 },
  'segment.jitter.ms': { type: 'long', fallback: '0', min: 0 },
  'segment.ms': { type: 'long', fallback: '604800000', min: 1 },
  'unclean.leader.election.enable': { type: 'boolean', fallback: 'false' },
};

/** The value in force. */
export function configValue(config: TopicConfig, name: string): string {
  return config[name] ?? topicConfigDefinitions[name]?.fallback ?? '';
}

/** The value in force as a number. */
function configNumber(config: TopicConfig, name: string): number {
  return Number(configValue(config, name));
}

/** What a partition's log obeys. */
export function logSettings(config: TopicConfig): LogSettings {
  const policies = configValue(config, 'cleanup.policy')
    .split(',')
    .map((policy) => policy.trim());
  return {
    segmentBytes: configNumber(config, 'segment.bytes'),
    segmentMs: configNumber(config, 'segment.ms'),
    maxMessageBytes: configNumber(config, 'max.message.bytes'),
    logAppendTime: configValue(config, 'message.timestamp.type') === 'LogAppendTime',
    timestampBeforeMaxMs: configNumber(config, 'message.timestamp.before.max.ms'),
    timestampAfterMaxMs: configNumber(config, 'message.timestamp.after.max.ms'),
    deletes: policies.includes('delete'),
    retentionMs: configNumber(config, 'retention.ms'),
    retentionBytes: configNumber(config, 'retention.bytes'),
    compacts: policies.includes('compact'),
    minCleanableDirtyRatio: configNumber(config, 'min.cleanable.dirty.ratio'),
    minCompactionLagMs: configNumber(config, 'min.compaction.lag.ms'),
    deleteRetentionMs: configNumber(config, 'delete.retention.ms'),
  };
}

/** Kafka's number for a setting's type. */
export function configTypeNumber(name: string): number {
  return configType[topicConfigDefinitions[name]?.type ?? 'string'];
}

/** @throws KafkaError `invalidConfig` when a name is unknown, a value not allowed, or two do not go together. */
export function checkConfigs(config: TopicConfig): void {
  for (const [name, value] of Object.entries(config)) checkConfig(name, value);
  const [min, max] = [configNumber(config, 'min.compaction.lag.ms'), configNumber(config, 'max.compaction.lag.ms')];
  if (min > max) {
    const reason = `min.compaction.lag.ms (${min}) cannot be greater than max.compaction.lag.ms (${max})`;
    throw new KafkaError('invalidConfig', `conflict topic config setting ${reason}`);
  }
}

/** @throws KafkaError `invalidConfig` when the name is unknown or the value not allowed. */
export function checkConfig(name: string, value: string): void {
  const definition = Object.hasOwn(topicConfigDefinitions, name) ? topicConfigDefinitions[name] : undefined;
  if (definition === undefined) throw new KafkaError('invalidConfig', `Unknown topic config name: ${name}`);
  const refuse = (reason: string) =>
    new KafkaError('invalidConfig', `Invalid value ${value} for configuration ${name}: ${reason}`);
  const { type, oneOf, min = anyNumber, max = type === 'int' ? intMax : Number.POSITIVE_INFINITY } = definition;
  if (type === 'boolean' && value !== 'true' && value !== 'false') throw refuse('Expected value to be true or false');
  if (type === 'int' || type === 'long' || type === 'double') {
    if (!(type === 'double' ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/).test(value)) throw refuse(`Not a number of type ${type}`);
    if (Number(value) < min) throw refuse(`Value must be at least ${min}`);
    if (Number(value) > max || Number(value) > Number(longMax)) throw refuse(`Value must be at most ${max}`);
  }
  const items = type === 'list' ? value.split(',').map((item) => item.trim()) : [value];
  const isEmptyList = type === 'list' && value === '';
  if (oneOf !== undefined && !isEmptyList && !items.every((item) => oneOf.includes(item))) {
    throw refuse(`Value must be one of ${oneOf.join(', ')}`);
  }
}
