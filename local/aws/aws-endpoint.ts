/** The one HTTP endpoint behind every AWS client on the laptop: S3 and SQS by `fauxqs`, the rest by a small shim. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp } from 'fauxqs';
import { SnsStore } from '../../node_modules/fauxqs/dist/sns/snsStore.js';
import { SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { listen } from '../listen.ts';
import { REGION } from './account.ts';
import { shimAnswer } from './aws-shim.ts';
import { DurableState } from './durable-state.ts';
import { MessageFaults } from './message-faults.ts';
import { ObjectStore } from './object-store.ts';
import { Parameters } from './parameters.ts';
import { Queues } from './queues.ts';
import { RequestFaults } from './request-faults.ts';
import { ResponseTargets } from './response-targets.ts';
import { type NotificationRule, ruleMatches, s3EventMessage, s3TestMessage } from './s3-event.ts';

/** S3's single PUT takes 5 GiB; a laptop's memory does not, and no stage writes more than this at once. */
const BODY_BYTES_MAX = 512 * 1024 * 1024;

/** The endpoint as the host uses it, in process. Clients get `url` as AWS_ENDPOINT_URL. */
export interface AwsEndpoint {
  readonly url: string;
  readonly queues: Queues;
  readonly parameters: Parameters;
  readonly responses: ResponseTargets;
  readonly objects: ObjectStore;
  /** Bootstrap brokers by cluster ARN, as MSK's GetBootstrapBrokers answers. */
  readonly clusters: Map<string, string>;
  /** Failures on demand, for tests. */
  readonly faults: AwsFaults;
  /** Replaces the bucket's notification configuration; a queue that is new to it gets S3's test message. */
  setNotifications(bucket: string, rules: readonly NotificationRule[], isNewBucket: boolean): void;
  close(): Promise<void>;
}

export interface AwsFaults {
  readonly requests: RequestFaults;
  readonly messages: MessageFaults;
}

export interface AwsEndpointOptions {
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** For faults with a probability. @default Math.random */
  readonly random?: () => number;
}

/**
 * Starts the endpoint on 127.0.0.1. Objects, queues and messages live under `dataDir` and
 * survive a SIGKILL at any moment: a stored object and its notifications are one transaction.
 * @throws HostError when the port is taken.
 */
export async function startAwsEndpoint(options: AwsEndpointOptions): Promise<AwsEndpoint> {
  mkdirSync(join(options.dataDir, 'aws'), { recursive: true });
  const state = new DurableState(options.dataDir);
  const objects = new ObjectStore();
  const sqsStore = new SqsStore();
  state.loadS3(objects);
  state.loadSqsAndSns(sqsStore, new SnsStore());
  objects.persistence = state;
  sqsStore.persistence = state;
  for (const queue of sqsStore.allQueues()) queue.persistence = state;

  const { random } = options;
  const faults = { requests: new RequestFaults(Date.now, random), messages: new MessageFaults(Date.now, random) };
  const queues = new Queues(sqsStore, faults.messages);
  const rulesByBucket = new Map<string, readonly NotificationRule[]>();
  state.onStored = (bucket, object, eventName) => {
    for (const rule of rulesByBucket.get(bucket) ?? []) {
      if (ruleMatches(rule, eventName, object.key)) {
        queues.send(rule.queueArn, s3EventMessage(bucket, object, eventName));
      }
    }
  };

  const shim = {
    parameters: new Parameters(),
    responses: new ResponseTargets(),
    clusters: new Map<string, string>(),
    objects,
  };
  const app = buildApp({
    logger: false,
    defaultRegion: REGION,
    stores: { sqsStore, snsStore: new SnsStore(), s3Store: objects },
  });
  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  );
  faults.requests.guard(app);
  app.addHook('preHandler', (request, reply, done) => {
    const answer = shimAnswer(shim, request);
    if (answer === undefined) return done();
    reply.status(answer.status).header('content-type', answer.contentType).send(answer.body);
  });
  await app.ready();
  const port = await listen(app.server, options.port);
  return {
    ...shim,
    url: `http://127.0.0.1:${port}`,
    queues,
    faults,
    setNotifications(bucket, rules, isNewBucket) {
      rulesByBucket.set(bucket, rules);
      const queueArns = new Set(rules.map((rule) => rule.queueArn));
      if (isNewBucket) for (const queueArn of queueArns) queues.send(queueArn, s3TestMessage(bucket));
    },
    async close() {
      // A request that hangs by a fault would be waited for.
      app.server.closeAllConnections();
      await app.close();
      state.close();
    },
  };
}
