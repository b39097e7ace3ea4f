import { checkEventQuotas, checkStageQuotas } from '../../../lib/checks/quotas.ts';
import { STAGES, type Stage } from '../../../lib/config.ts';
import { pollerGroup } from '../../../lib/event/pollers.ts';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import { contractOf, versionOf } from '../contract-of.ts';

const version = (number: number, definition = 'message A {}') => versionOf(number, definition);
const contract = contractOf('order_created');

const many = (count: number, more: Partial<CompiledContract> = {}): CompiledContract[] =>
  Array.from({ length: count }, (_, index) => ({ ...contract, event: `event_${index}`, ...more }));

const ofEvent = (more: Partial<CompiledContract>) => () => checkEventQuotas('schemas/a', { ...contract, ...more });
const ofStage =
  (contracts: CompiledContract[], stage: Stage = STAGES.production) =>
  () =>
    checkStageQuotas('schemas', contracts, stage);

test('checkEventQuotas takes an event of as many schema versions as its functions can be told, and no more', () => {
  const versions = (count: number) => ({ versions: Array.from({ length: count }, (_, index) => version(index + 1)) });
  expect(ofEvent(versions(50))).not.toThrow();
  expect(ofEvent(versions(51))).toThrow('schemas/a/event.yaml: versions: 51, an event has 50 at most');
});

test('checkEventQuotas refuses a schema and a description that Glue would', () => {
  expect(ofEvent({ versions: [version(1), version(2, 'a'.repeat(170_001))] })).toThrow(
    'schemas/a/v2.proto: schema: 170001 bytes, Glue allows 170000',
  );
  expect(ofEvent({ description: 'ä'.repeat(1_025) })).toThrow('event.yaml: description: 2050 bytes, Glue allows 2048');
});

test.each([
  ['redshift', 128, 'its name has 128 bytes, Redshift allows 127'],
  ['snowflake', 256, 'its name has 256 bytes, Snowflake allows 255'],
  ['athena', 256, 'its name has 256 bytes, Athena allows 255'],
] as const)('checkEventQuotas refuses a name that is too long for %s', (target, length, reason) => {
  expect(ofEvent({ warehouse: { target, table: 'a'.repeat(length) } })).toThrow(reason);
});

test('checkStageQuotas counts the partitions of all events with their replicas against what a broker takes', () => {
  expect(ofStage(many(500))).not.toThrow();
  expect(ofStage([...many(500), { ...contract, event: 'large', topic: { ...contract.topic, partitions: 5 } }])).toThrow(
    'schemas: topic.partitions: 1505 of all events, with their replicas 1505 on each broker, express.m7g.large takes 1500; most have large (5), ',
  );
  expect(ofStage(many(101), STAGES.sandbox)).toThrow('kafka.t3.small takes 300');
});

test('checkStageQuotas bounds what connects to a broker, and in one second', () => {
  const stage = { ...STAGES.production, broker: { kind: 'express', instanceType: 'express.m7g.4xlarge' } } as const;
  expect(ofStage(many(1_000), stage)).toThrow(
    'topic.partitions: 3000 consumers and 82 proxies and relays connect to a broker, express.m7g.4xlarge takes 3000',
  );
  const proxy = { ...STAGES.production.proxy, concurrencyMax: 101 };
  expect(() => checkStageQuotas('schemas', [contract], { ...STAGES.production, proxy })).toThrow(
    'proxy.concurrencyMax: 101 proxies and 0 draining sinks may open 101 connections in a second, express.m7g.large takes 100',
  );
});

test('checkStageQuotas takes the throttle of the API as the bound of a proxy without a reservation', () => {
  const draining = { freshnessSeconds: 180 };
  expect(ofStage(many(30, draining), STAGES.sandbox)).not.toThrow();
  expect(ofStage(many(31, draining), STAGES.sandbox)).toThrow(
    'throttle: 3 proxies and 31 draining sinks may open 5 connections in a second, kafka.t3.small takes 4',
  );
  const open: Stage = { ...STAGES.sandbox, throttle: { requestsPerSecond: 50, burst: 100 } };
  expect(ofStage([contract], open)).toThrow('throttle: 150 proxies and 0 draining sinks may open 150 connections');
  const reserved: Stage = { ...open, proxy: { ...open.proxy, concurrencyMax: 3 } };
  expect(ofStage([contract], reserved)).not.toThrow();
  const slow: Stage = { ...STAGES.sandbox, throttle: { requestsPerSecond: 104, burst: 0 } };
  expect(ofStage([contract], slow)).toThrow('3 consumers and 3018 proxies and relays connect to a broker');
});

test('checkStageQuotas refuses more mappings in a poller group than Lambda allows', () => {
  const contracts = many(450, { sink: { pollersMax: 1 }, topic: { ...contract.topic, partitions: 1 } });
  expect(ofStage(contracts)).toThrow(
    /^schemas: sink.pollersMax: 1\d\d events share the poller group headrace-\d, Lambda allows 100: raise POLLERS.groups/,
  );
});

test('checkStageQuotas refuses a proxy that answers later than the API waits', () => {
  const stage = { ...STAGES.production, proxy: { ...STAGES.production.proxy, timeoutSeconds: 30 } };
  expect(() => checkStageQuotas('schemas', [contract], stage)).toThrow(
    'lib/config.ts: proxy.timeoutSeconds: 30 s, an HTTP API waits 30',
  );
});

test('checkStageQuotas refuses a warehouse that the stage does not have', () => {
  const stage: Stage = { ...STAGES.production, warehouses: ['athena'] };
  const on = (target: CompiledContract['warehouse']['target']) => ({ ...contract, warehouse: { target, table: 'a' } });
  expect(ofStage([on('athena'), on('duckdb')], stage)).not.toThrow();
  expect(ofStage([on('redshift')], stage)).toThrow(
    'schemas/order_created/event.yaml: warehouse.target: the stage has no redshift, allowed are duckdb, athena',
  );
});

test('pollerGroup follows from the name alone and uses every group', () => {
  expect(pollerGroup('order_created')).toBe(pollerGroup('order_created'));
  expect(new Set(many(100).map(({ event }) => pollerGroup(event))).size).toBe(4);
});
