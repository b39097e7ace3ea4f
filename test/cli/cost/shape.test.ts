import { eventShape, platformShape } from '../../../cli/cost/shape.ts';
import { EventStack } from '../../../lib/event-stack.ts';
import { PlatformStack } from '../../../lib/platform-stack.ts';
import type { Template } from '../../../local/assembly.ts';
import { contractOf } from '../../lib/contract-of.ts';
import { maskedTemplate, testApp } from '../../lib/synthesize.ts';

const app = testApp();
new PlatformStack(app);
const topic = (name: string) => ({ name, partitions: 6, retentionHours: 48 });
new EventStack(
  app,
  contractOf('fast', { freshnessSeconds: 30, topic: topic('fast'), warehouse: { target: 'redshift', table: 'fast' } }),
);
new EventStack(app, contractOf('slow', { freshnessSeconds: 600, topic: topic('slow') }));
const templateOf = (stack: string) => maskedTemplate(app, stack) as unknown as Template;

test('eventShape: reads a stream from the template that is deployed', () => {
  expect(eventShape(templateOf('Event-fast'))).toMatchObject({
    partitions: 6,
    retentionHours: 48,
    trigger: { kind: 'stream', windowSeconds: 15, batchSize: 10_000, pollerUnits: 0 },
    sinkMemoryMb: 1024,
    loaderMemoryMb: 1024,
    loaderBatchSize: 10,
    observation: { alarmMetrics: 8, dashboards: 1 },
  });
});

test('eventShape: reads a drain, and what else its schedules start', () => {
  const { trigger, sinkMemoryMb, runs } = eventShape(templateOf('Event-slow'));
  expect(trigger).toEqual({ kind: 'drain', everySeconds: 240, commitBytes: 128e6 });
  expect(sinkMemoryMb).toBe(1769);
  for (const run of runs) {
    expect(run.memoryMb).toBeGreaterThanOrEqual(128);
    expect(run.everySeconds).toBeGreaterThanOrEqual(60);
  }
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
    observation: { metrics: 0, alarmMetrics: 11, dashboards: 1 },
  });
});

test('eventShape, platformShape: a template of another kind is refused by what it lacks', () => {
  expect(() => eventShape(templateOf('Platform'))).toThrow('it has no output SinkFunctionName');
  expect(() => platformShape(templateOf('Event-fast'))).toThrow('it has no AWS::MSK::Cluster');
});

test('eventShape: pollers of a provisioned mapping are seen', () => {
  const template = structuredClone(templateOf('Event-fast')) as { Resources: Record<string, { Properties: object }> };
  for (const { Properties } of Object.values(template.Resources)) {
    if ('Topics' in Properties) {
      Object.assign(Properties, { ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 4 } });
    }
  }
  expect(eventShape(template as unknown as Template).trigger).toMatchObject({ kind: 'stream', pollerUnits: 2 });
});
