/** The laptop host in a process of its own, so that a SIGKILL can end it at any moment. */
import { join } from 'node:path';
import { type Host, type HostFaults, startHost } from '../../local/host.ts';
import { COMPACT_LIMITS, compactLake } from '../../pipeline/compact/compact.ts';
import { loadContract } from '../../pipeline/contract/load-contract.ts';
import { faultName } from './fault-name.ts';
import { lakeOf } from './observe.ts';
import type { ChaosAction } from './plan.ts';
import { seededRandom } from './random.ts';
import { EVENTS, SCHEMAS_DIR, type TestEvent } from './test-event.ts';

/** What the process is told in its one argument, as JSON. */
export interface HostProcessOptions {
  readonly assemblyDir: string;
  readonly dataDir: string;
  readonly seed: number;
  /** How often the host was started before. */
  readonly restarts: number;
}

/** What it is told by its parent; each command is answered by `done` with the same number. */
export type HostCommand = { readonly id: number } & (
  | ChaosAction
  /** Ends all faults, and what hangs because of them. */
  | { readonly kind: 'calm' }
  /** Runs all schedules; sweeps and compacts also what was committed just now. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'stop' }
);

export type HostEvent =
  | ({ readonly kind: 'ready' } & HostPlaces)
  /** A fault has happened. */
  | { readonly kind: 'fault'; readonly name: string }
  | { readonly kind: 'done'; readonly id: number };

export type HostPlaces = Pick<Host, 'ingestUrl' | 'awsEndpoint' | 'warehousePath' | 'outputs'> & {
  readonly kafkaBrokers: string;
};

/**
 * The queues' visibility timeouts, up to twelve minutes, are longer than the run: a message whose function failed comes
 * back after this time, while another may still work on it.
 */
const VISIBILITY_SECONDS = 3;

/** Of the one event that drains. */
const DRAIN = /^Event-meter-read-Sink/;

const options = JSON.parse(process.argv[2] ?? '') as HostProcessOptions;
const host = await startHost({
  assemblyDir: options.assemblyDir,
  dataDir: options.dataDir,
  random: seededRandom(options.seed, `host ${options.restarts}`),
  onFaults(faults) {
    shortenVisibility(faults);
    reportFaults(faults);
  },
  log: console.log,
});
process.on('message', (command: HostCommand) => void obey(command));
// Without a parent nobody needs the host.
process.on('disconnect', () => process.exit(1));
const { ingestUrl, awsEndpoint, warehousePath, outputs, kafka } = host;
tell({ kind: 'ready', ingestUrl, awsEndpoint, warehousePath, outputs, kafkaBrokers: kafka.brokers });

function tell(event: HostEvent): void {
  process.send?.(event);
}

function shortenVisibility({ messages }: HostFaults): void {
  messages.add({ effect: { kind: 'reappear', seconds: VISIBILITY_SECONDS } });
}

function reportFaults({ kafka, requests, messages, functions }: HostFaults): void {
  if (kafka) kafka.onTaken = (fault) => tell({ kind: 'fault', name: faultName({ kind: 'kafka', fault }) });
  requests.onTaken = (fault) => tell({ kind: 'fault', name: faultName({ kind: 'requests', fault }) });
  functions.onTaken = (fault) => tell({ kind: 'fault', name: faultName({ kind: 'functions', fault }) });
  messages.onTaken = (fault) => {
    if (fault.effect.kind !== 'reappear') tell({ kind: 'fault', name: faultName({ kind: 'messages', fault }) });
  };
}

async function obey(command: HostCommand): Promise<void> {
  const { kafka, requests, messages, functions } = host.faults;
  switch (command.kind) {
    case 'requests':
      requests.add(command.fault);
      break;
    case 'kafka':
      kafka?.add(command.fault);
      break;
    case 'messages':
      messages.add(command.fault);
      break;
    case 'functions':
      functions.add(command.fault);
      break;
    case 'kill-function':
      for (let killed = host.killFunction(command.name); killed > 0; killed--) {
        tell({ kind: 'fault', name: faultName(command) });
      }
      break;
    case 'run-schedules':
      await Promise.all([host.runSchedules(), host.invoke(DRAIN, {})]);
      break;
    case 'compact':
      await Promise.allSettled(EVENTS.map(compactNow));
      break;
    case 'calm':
      for (const faults of [kafka, requests, messages, functions]) faults?.clear();
      shortenVisibility(host.faults);
      host.killFunction(/./);
      break;
    case 'settle':
      await host.runSchedules();
      await Promise.all(EVENTS.map((event) => host.invoke(loaderOf(event), { sweep: true, graceSeconds: 0 })));
      await Promise.all(EVENTS.map(compactNow));
      break;
    case 'stop':
      await host.stop();
      break;
    case 'kill-host':
      process.kill(process.pid, 'SIGKILL');
  }
  tell({ kind: 'done', id: command.id });
}

/** In this process, so that it dies with the host in the middle, as a function would that is killed. */
async function compactNow(event: TestEvent): Promise<void> {
  const limits = { ...COMPACT_LIMITS, settledAfterMs: 0, waitsUntilMs: 0 };
  const contract = loadContract(join(SCHEMAS_DIR, event));
  const timeLeftMs = () => Number.POSITIVE_INFINITY;
  await compactLake({ contract, lake: lakeOf(event, host), now: Date.now, timeLeftMs }, limits);
}

function loaderOf(event: string): RegExp {
  return new RegExp(`^Event-${event.replaceAll('_', '-')}-Loader`);
}
