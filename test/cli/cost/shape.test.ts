import { eventShape, platformShape } from '../../../cli/cost/shape.ts';
import { EventStack } from '../../../lib/event-stack.ts';
import { PlatformStack } from '../../../lib/platform-stack.ts';
import type { Template } from '../../../local/assembly.ts';
import { contractOf } from '../../lib/contract-of.ts';
import { maskedTemplate, testApp } from '../../lib/synthesize.ts';

const app = testApp();
new PlatformStack(app);
const topic = (name: string) => ({ name, partitions: 6, retentionHours: 48 });
const fast = contractOf('fast', {
  freshnessSeconds: 30,
  topic: topic('fast'),
  lake: { partitionBy: ['day'], openPartitionsMax: 7 },
  warehouse: { target: 'redshift', table: 'fast' },
});
const slow = contractOf('slow', { freshnessSeconds: 600, topic: topic('slow') });
new EventStack(app, fast);
new EventStack(app, slow);
const templateOf = (stack: string) => maskedTemplate(app, stack) as unknown as Template;

test('eventShape: reads a stream from the template that is deployed', () => {
  expect(eventShape(templateOf('Event-fast'), fast)).toMatchObject({
    lake: { partitionBy: ['day'], openPartitionsMax: 7 },
    target: 'redshift',
    partitions: 6,
    retentionHours: 48,
    trigger: { kind: 'stream', windowSeconds: 15, batchSize: 10_000, pollerUnits: 0 },
    sinkMemoryMb: 1024,
    loaderMemoryMb: 1024,
    loaderBatchSize: 10,
    loadTries: 5,
    observation: { alarmMetrics: 8, dashboards: 1 },
  });
});

test('eventShape: reads a drain, and what else its schedules start', () => {
  const { trigger, sinkMemoryMb, runs } = eventShape(templateOf('Event-slow'), slow);
  expect(trigger).toEqual({ kind: 'drain', everySeconds: 240, commitBytes: 128e6 });
  expect(sinkMemoryMb).toBe(1769);
  expect(runs.toSorted((a, b) => a.everySeconds - b.everySeconds || a.kind.localeCompare(b.kind))).toEqual([
    { kind: 'sweep', everySeconds: 900, auditedSeconds: 0, memoryMb: 1024, timeoutSeconds: 120 },
    { kind: 'audit', everySeconds: 3_600, auditedSeconds: 10_800, memoryMb: 1024, timeoutSeconds: 120 },
    // By the sink's own function, and yet not what starts the sink.
    { kind: 'compaction', everySeconds: 3_600, auditedSeconds: 0, memoryMb: 1769, timeoutSeconds: 600 },
  ]);
});

test('platformShape: reads brokers, endpoints and the proxy', () => {
  const endpoints = Object.values(templateOf('Platform').Resources ?? {}).filter(
    ({ Type, Properties }) => Type === 'AWS::EC2::VPCEndpoint' && Properties?.['VpcEndpointType'] === 'Interface',
  );
  expect(endpoints.length).toBeGreaterThan(2);
  expect(platformShape(templateOf('Platform'))).toMatchObject({
    proxyMemoryMb: 1024,
    brokers: 3,
    // One in each of three zones.
    endpointInterfaces: 3 * endpoints.length,
    redshiftRpu: 8,
    observation: { metrics: 0, alarmMetrics: 11, dashboards: 1 },
  });
});

test('eventShape, platformShape: a template of another kind is refused by what it lacks', () => {
  expect(() => eventShape(templateOf('Platform'), fast)).toThrow('it has no output SinkFunctionName');
  expect(() => platformShape(templateOf('Event-fast'))).toThrow('it has no AWS::MSK::Cluster');
});

test('eventShape: pollers of a provisioned mapping are seen', () => {
  const template = structuredClone(templateOf('Event-fast')) as { Resources: Record<string, { Properties: object }> };
  for (const { Properties } of Object.values(template.Resources)) {
    if ('Topics' in Properties) {
      Object.assign(Properties, { ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 4 } });
    }
  }
  expect(eventShape(template as unknown as Template, fast).trigger).toMatchObject({ kind: 'stream', pollerUnits: 2 });
});
