/** What goes wrong, and when: all of it follows from the seed. */
import type { MessageFault } from '../../local/aws/message-faults.ts';
import type { RequestEffect, RequestFault } from '../../local/aws/request-faults.ts';
import type { Fault as KafkaFault } from '../../local/kafka/server/faults.ts';
import type { FunctionFault } from '../../local/lambda/function-faults.ts';
import { between, pick, type Random } from './random.ts';

export type ChaosAction =
  | { readonly kind: 'requests'; readonly fault: RequestFault }
  | { readonly kind: 'kafka'; readonly fault: KafkaFault }
  | { readonly kind: 'messages'; readonly fault: MessageFault }
  | { readonly kind: 'functions'; readonly fault: FunctionFault }
  | { readonly kind: 'kill-function'; readonly name: RegExp }
  | { readonly kind: 'kill-host' }
  /** No fault: drains and sweeps run more often, and two drains at a time, which a slow one would meet on AWS. */
  | { readonly kind: 'run-schedules' }
  /** No fault: commits are merged at once, not after a day. */
  | { readonly kind: 'compact' };

export interface PlannedAction {
  readonly atMs: number;
  readonly action: ChaosAction;
}

const FAULT_EVERY_MS = { min: 60, max: 600 };
const SCHEDULES_EVERY_MS = 4000;
const COMPACT_EVERY_MS = 7000;
const OUTAGE_EVERY_MS = { min: 3000, max: 7000 };
/** A start takes some seconds, in which nothing else can be tried. */
const HOST_KILL_EVERY_MS = { min: 20_000, max: 35_000 };
/** A fault that meets nothing for so long is over: on a calm machine the plan is what happens. */
const FAULT_LASTS_MS = 5000;
/** No client gives up on a request that hangs before its function times out, so the function is killed. */
const HANG_LASTS_MS = { min: 300, max: 2500 };

/** The actions of a run in the order of their times. */
export function chaosPlan(random: Random, durationMs: number): PlannedAction[] {
  const plan: PlannedAction[] = [];
  const step = ({ min, max }: { min: number; max: number }) => between(random, min, max);
  for (let atMs = step(FAULT_EVERY_MS); atMs < durationMs; atMs += step(FAULT_EVERY_MS)) {
    const scenario = pick(random, SCENARIOS)(random);
    plan.push(...scenario.map(([afterMs, action]) => ({ atMs: atMs + afterMs, action })));
  }
  for (let atMs = SCHEDULES_EVERY_MS; atMs < durationMs; atMs += SCHEDULES_EVERY_MS) {
    plan.push({ atMs, action: { kind: 'run-schedules' } });
  }
  for (let atMs = COMPACT_EVERY_MS; atMs < durationMs; atMs += COMPACT_EVERY_MS) {
    plan.push({ atMs, action: { kind: 'compact' } });
  }
  let outages = 0;
  for (let atMs = step(OUTAGE_EVERY_MS); atMs < durationMs; atMs += step(OUTAGE_EVERY_MS)) {
    plan.push({ atMs, action: outage(random, outages++) });
  }
  for (let atMs = step(HOST_KILL_EVERY_MS); atMs < durationMs; atMs += step(HOST_KILL_EVERY_MS)) {
    plan.push({ atMs, action: { kind: 'kill-host' } });
  }
  return plan.sort((a, b) => a.atMs - b.atMs);
}

/** Actions with the milliseconds after which each follows. */
type Scenario = readonly (readonly [afterMs: number, action: ChaosAction])[];

/** Physical names of functions, whatever CDK adds to them: of one event, so that the other goes on. */
const SINKS = [/ticket-sold-Sink/, /meter-read-Sink/];
const LOADERS = [/ticket-sold-Loader/, /meter-read-Loader/];
const PROXY = /Proxy/;
const RELAY = /Relay/;

const limits = (random: Random) => ({ times: between(random, 1, 2), forMs: FAULT_LASTS_MS });

function requestFault(random: Random): Scenario {
  const [operation, name, callers] = pick(random, OPERATIONS);
  const isConflict = operation === 'PutObject' && random() < CONFLICT_SHARE;
  const effect = isConflict ? CONFLICT : pick(random, REQUEST_EFFECTS);
  const fault: RequestFault = { ...limits(random), operation, name, effect, ...(isConflict && { conditional: true }) };
  if (effect.kind !== 'hang') return [[0, { kind: 'requests', fault }]];
  const lastsMs = between(random, HANG_LASTS_MS.min, HANG_LASTS_MS.max);
  return [
    [0, { kind: 'requests', fault }],
    [lastsMs, { kind: 'kill-function', name: callers }],
  ];
}

/**
 * S3 fails for longer than its client repeats a request, which is about a second: whoever meets it fails for good, with
 * some of its objects written and some not.
 */
function outage(random: Random, index: number): ChaosAction {
  const [operation, name] = OUTAGES[index % OUTAGES.length] ?? OUTAGES[0];
  const effect = { kind: 'fail', status: 503, code: OUTAGE } as const;
  return { kind: 'requests', fault: { operation, name, effect, forMs: between(random, 2000, 3000) } };
}

/** No other fault has this code, so that a failure in a function's log tells where it comes from. */
export const OUTAGE = 'ServiceUnavailable';
/** In turn: a short run has the most important ones. */
const OUTAGES = [
  ['PutObject', /\/data\//],
  ['PutObject', /\/commits\//],
  ['GetObject', /\/data\//],
  ['PutObject', /\/rejected\//],
  ['ListObjectsV2', /\/commits\//],
  ['GetObject', /\/commits\//],
] as const;

/** A drain's commit is late, and meanwhile another drain commits more; half of them die in between. */
function lateCommit(random: Random): Scenario {
  const fault: RequestFault = {
    operation: 'PutObject',
    name: /meter-read.*\/commits\//,
    times: 1,
    forMs: FAULT_LASTS_MS,
    effect: { kind: 'delay', delayMs: between(random, 2000, 5000) },
  };
  const kill: Scenario = [[between(random, 300, 1500), { kind: 'kill-function', name: /meter-read-Sink/ }]];
  return [
    [0, { kind: 'requests', fault }],
    [1, { kind: 'run-schedules' }],
    ...(random() < 0.5 ? kill : []),
    [between(random, 1000, 2000), { kind: 'run-schedules' }],
  ];
}

/** Each with the functions that call it. Commits count thrice: they are the one atomic step. */
const OPERATIONS: readonly (readonly [operation: string, name: RegExp, callers: RegExp])[] = [
  ...['ticket-sold', 'meter-read'].flatMap((event) => {
    const below = (prefix: string) => new RegExp(`${event}[^/]*/${prefix}/`);
    const [sink, loader] = [new RegExp(`${event}-Sink`), new RegExp(`${event}-Loader`)];
    return [
      ['PutObject', below('commits'), sink],
      ['PutObject', below('commits'), sink],
      ['PutObject', below('commits'), sink],
      ['PutObject', below('data'), sink],
      ['PutObject', below('rejected'), sink],
      ['PutObject', below('compactions'), sink],
      ['GetObject', below('commits'), loader],
      ['GetObject', below('data'), loader],
      ['ListObjectsV2', below('commits'), sink],
    ] as const;
  }),
  // Contracts are among the assets.
  ['GetObject', /assets.*json$/, PROXY],
  ['GetParameter', /./, PROXY],
  ['SendMessage', RELAY, PROXY],
];
const CONFLICT_SHARE = 0.2;
const CONFLICT: RequestEffect = { kind: 'fail', status: 409, code: 'ConditionalRequestConflict' };
const REQUEST_EFFECTS: readonly RequestEffect[] = [
  { kind: 'fail', status: 503, code: 'SlowDown' },
  { kind: 'fail', status: 500, code: 'InternalError' },
  { kind: 'fail', status: 500, code: 'InternalError', when: 'after' },
  { kind: 'drop' },
  { kind: 'drop', when: 'after' },
  { kind: 'drop', when: 'after' },
  { kind: 'hang' },
  { kind: 'hang', when: 'after' },
  { kind: 'delay', delayMs: 700 },
];

function kafkaFault(random: Random): Scenario {
  return [[0, { kind: 'kafka', fault: { ...limits(random), ...pick(random, KAFKA_FAULTS) } }]];
}

const KAFKA_FAULTS: readonly Pick<KafkaFault, 'api' | 'effect'>[] = [
  { api: 'Produce', effect: { kind: 'fail', error: 'notEnoughReplicas' } },
  { api: 'Produce', effect: { kind: 'fail', error: 'notLeaderOrFollower' } },
  { api: 'Produce', effect: { kind: 'fail', error: 'requestTimedOut', when: 'after' } },
  { api: 'Produce', effect: { kind: 'drop' } },
  { api: 'Produce', effect: { kind: 'drop', when: 'after' } },
  { api: 'Produce', effect: { kind: 'delay', delayMs: 900 } },
  { api: 'Fetch', effect: { kind: 'drop' } },
  { api: 'Fetch', effect: { kind: 'drop', when: 'after' } },
  { api: 'Fetch', effect: { kind: 'fail', error: 'notLeaderOrFollower' } },
  { api: 'Fetch', effect: { kind: 'delay', delayMs: 700 } },
  { api: 'ListOffsets', effect: { kind: 'fail', error: 'notLeaderOrFollower' } },
  { api: 'ListOffsets', effect: { kind: 'drop' } },
  { api: 'Metadata', effect: { kind: 'drop' } },
  { api: 'InitProducerId', effect: { kind: 'fail', error: 'coordinatorLoadInProgress' } },
  { api: 'OffsetCommit', effect: { kind: 'drop', when: 'after' } },
  { api: 'OffsetCommit', effect: { kind: 'fail', error: 'coordinatorLoadInProgress' } },
  { api: 'Heartbeat', effect: { kind: 'fail', error: 'rebalanceInProgress' } },
  { api: 'JoinGroup', effect: { kind: 'drop' } },
];

function messageFault(random: Random): Scenario {
  return [[0, { kind: 'messages', fault: { ...limits(random), effect: pick(random, MESSAGE_EFFECTS) } }]];
}

const MESSAGE_EFFECTS: readonly MessageFault['effect'][] = [
  { kind: 'lose' },
  { kind: 'lose' },
  { kind: 'delay', seconds: 3 },
  { kind: 'duplicate', seconds: 0 },
  { kind: 'duplicate', seconds: 4 },
  { kind: 'redeliver', seconds: 0 },
  { kind: 'redeliver', seconds: 2 },
];

function functionFault(random: Random): Scenario {
  const name = pick(random, [...SINKS, ...LOADERS, PROXY, RELAY]);
  const effect = { kind: pick(random, ['timeout', 'kill'] as const), afterMs: between(random, 0, 400) };
  return [[0, { kind: 'functions', fault: { ...limits(random), times: 1, function: name, effect } }]];
}

function killFunction(random: Random): Scenario {
  return [[0, { kind: 'kill-function', name: pick(random, [...SINKS, ...LOADERS, PROXY, RELAY]) }]];
}

const SCENARIOS: readonly ((random: Random) => Scenario)[] = [
  requestFault,
  requestFault,
  requestFault,
  lateCommit,
  kafkaFault,
  kafkaFault,
  kafkaFault,
  messageFault,
  messageFault,
  functionFault,
  killFunction,
];
