/** A function and its environments. */
import { appendFileSync } from 'node:fs';
import { FaultRules } from '../fault-rules.ts';
import type { FunctionDefinition } from './function-definition.ts';
import { FunctionEnvironment } from './function-environment.ts';
import type { FunctionFault } from './function-faults.ts';
import { type FunctionError, failure, type InvocationResult, PAYLOAD_BYTES_MAX } from './invocation.ts';
import type { RuntimeApi } from './runtime-api.ts';

/** Callers that wait for an environment. Lambda would throttle them at once; on a laptop the wait is short. */
const WAITING_MAX = 1000;
/** A process of a function takes tens of megabytes, and each event has several functions. Lambda waits about as long. */
const IDLE_MS_MAX = 5 * 60_000;

interface Waiting {
  readonly payload: Buffer;
  readonly resolve: (result: InvocationResult) => void;
}

/** Starts environments when they are needed, up to the function's concurrency, and keeps them warm for some minutes. */
export class LambdaFunction {
  readonly definition: FunctionDefinition;
  readonly #runtimeApi: RuntimeApi;
  readonly #onError: (name: string, error: FunctionError) => void;
  readonly #faults: FaultRules<FunctionFault>;
  readonly #environments = new Set<FunctionEnvironment>();
  readonly #idle: FunctionEnvironment[] = [];
  readonly #idleMsMax: number;
  readonly #idleTimers = new Map<FunctionEnvironment, NodeJS.Timeout>();
  readonly #waiting: Waiting[] = [];
  #stopped = false;

  constructor(
    definition: FunctionDefinition,
    runtimeApi: RuntimeApi,
    onError: (name: string, error: FunctionError) => void,
    faults: FaultRules<FunctionFault> = new FaultRules(),
    idleMsMax: number = IDLE_MS_MAX,
  ) {
    this.definition = definition;
    this.#runtimeApi = runtimeApi;
    this.#onError = onError;
    this.#faults = faults;
    this.#idleMsMax = idleMsMax;
  }

  /** Invokes synchronously (RequestResponse). `payload` is the event's JSON. A failure is a value. */
  async invoke(payload: Buffer): Promise<InvocationResult> {
    const result = await this.#run(payload);
    if (!result.ok && !this.#stopped) {
      const { errorType, errorMessage } = result.error;
      appendFileSync(this.definition.logFile, `ERROR ${errorType}: ${errorMessage}\n`);
      this.#onError(this.definition.name, result.error);
    }
    return result;
  }

  /** Ends environments that have nothing to do, without waiting for their time. */
  async stopIdle(): Promise<void> {
    await Promise.all([...this.#idle].map((environment) => this.#stopIdleOne(environment)));
  }

  /** Kills the processes that have an invocation, which fails. @returns how many. */
  crash(): number {
    return [...this.#environments].filter((environment) => environment.crash()).length;
  }

  /** Kills every environment; invocations that run or wait fail. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(failure('Runtime.ExitError', 'The host stops'));
    await Promise.all([...this.#environments].map((environment) => environment.stop()));
  }

  #run(payload: Buffer): Promise<InvocationResult> {
    if (payload.length > PAYLOAD_BYTES_MAX) {
      const message = `${payload.length} byte payload is too large for the RequestResponse invocation type (limit ${PAYLOAD_BYTES_MAX} bytes)`;
      return Promise.resolve(failure('RequestEntityTooLargeException', message));
    }
    if (this.#stopped) return Promise.resolve(failure('Runtime.ExitError', 'The host stops'));
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.resolve(
        failure('TooManyRequestsException', `${WAITING_MAX} callers wait for ${this.definition.name}`),
      );
    }
    return new Promise((resolve) => {
      this.#waiting.push({ payload, resolve });
      this.#assign();
    });
  }

  #assign(): void {
    while (this.#waiting.length > 0) {
      const environment = this.#takeIdle() ?? this.#startEnvironment();
      if (environment === undefined) return;
      const next = this.#waiting.shift();
      if (next !== undefined) void this.#invokeIn(environment, next);
    }
  }

  async #invokeIn(environment: FunctionEnvironment, { payload, resolve }: Waiting): Promise<void> {
    const fault = this.#faults.take((rule) => rule.function?.test(this.definition.name) ?? true);
    const result = await environment.invoke(payload, fault?.effect);
    if (environment.isUsable) this.#keepIdle(environment);
    resolve(result);
    this.#assign();
  }

  #keepIdle(environment: FunctionEnvironment): void {
    this.#idle.push(environment);
    const timer = setTimeout(() => void this.#stopIdleOne(environment), this.#idleMsMax);
    this.#idleTimers.set(environment, timer.unref());
  }

  /** The one that was busy last, so that those that too many callers once needed reach their time. */
  #takeIdle(): FunctionEnvironment | undefined {
    const environment = this.#idle.at(-1);
    if (environment !== undefined) this.#dropIdle(environment);
    return environment;
  }

  #stopIdleOne(environment: FunctionEnvironment): Promise<void> {
    this.#dropIdle(environment);
    return environment.stop();
  }

  #dropIdle(environment: FunctionEnvironment): void {
    clearTimeout(this.#idleTimers.get(environment));
    this.#idleTimers.delete(environment);
    const at = this.#idle.indexOf(environment);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #startEnvironment(): FunctionEnvironment | undefined {
    if (this.#stopped || this.#environments.size >= this.definition.concurrency) return undefined;
    const environment = new FunctionEnvironment(this.definition, this.#runtimeApi, () => {
      this.#environments.delete(environment);
      this.#dropIdle(environment);
      this.#assign();
    });
    this.#environments.add(environment);
    return environment;
  }
}
