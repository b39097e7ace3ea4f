/** One execution environment: a process that runs one function, one invocation at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FunctionDefinition } from './function-definition.ts';
import type { FunctionEffect } from './function-faults.ts';
import { failure, type InvocationResult } from './invocation.ts';
import type { Invocation, RuntimeApi } from './runtime-api.ts';

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.ts', import.meta.url));
/** Lambda allows 10 s; a laptop that starts several functions at once on few cores is slower than that. */
const INIT_MS_MAX = 60_000;
/** Lambda's Node.js runtime leaves the rest of the memory to buffers and native code. */
const HEAP_SHARE = 0.9;

interface Running {
  readonly invocation: Invocation;
  readonly settle: (result: InvocationResult) => void;
  readonly fault: FunctionEffect | undefined;
}

/** Starts its process at once and calls `onExit` when that is gone. */
export class FunctionEnvironment {
  readonly #definition: FunctionDefinition;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #send: ((invocation: Invocation) => void) | undefined;
  #current: Running | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: InvocationResult | undefined;

  constructor(definition: FunctionDefinition, runtimeApi: RuntimeApi, onExit: () => void) {
    this.#definition = definition;
    const id = randomUUID();
    const address = runtimeApi.register(id, {
      onNext: (send) => {
        this.#send = send;
        this.#deliver();
      },
      onResult: (requestId, result) => {
        if (requestId === this.#current?.invocation.requestId) this.#settle(result);
      },
      onInitError: (error) => this.#fail({ ok: false, error }),
    });
    const temporaryDir = join(definition.temporaryDir, id);
    mkdirSync(temporaryDir, { recursive: true });
    this.#process = startProcess(definition, { AWS_LAMBDA_RUNTIME_API: address, TMPDIR: temporaryDir });
    this.#exited = new Promise((resolve) => {
      const end = (reason: string) => {
        runtimeApi.unregister(id);
        rmSync(temporaryDir, { recursive: true, force: true });
        this.#fail(failure('Runtime.ExitError', reason));
        onExit();
        resolve();
      };
      this.#process.on('exit', (code, signal) => end(`Runtime exited with error: ${signal ?? `exit status ${code}`}`));
      // A process that does not start has no exit.
      this.#process.on('error', ({ message }) => end(`Cannot start a process in "${definition.codeDir}": ${message}`));
    });
  }

  /** False once the process has died, failed to start, or was killed. */
  get isUsable(): boolean {
    return this.#failure === undefined;
  }

  /** Not while another invocation runs. The deadline counts from when the process takes the invocation. */
  invoke(payload: Buffer, fault?: FunctionEffect): Promise<InvocationResult> {
    return new Promise((settle) => {
      const deadlineMs = Date.now() + this.#definition.timeoutSeconds * 1000;
      const invocation = { requestId: randomUUID(), functionArn: this.#definition.arn, deadlineMs, payload };
      this.#current = { invocation, settle, fault };
      if (this.#failure !== undefined) return this.#settle(this.#failure);
      const initMessage = `Init did not end in ${INIT_MS_MAX / 1000} seconds`;
      this.#timer = setTimeout(() => this.#kill(failure('Sandbox.Timedout', initMessage)), INIT_MS_MAX);
      this.#deliver();
    });
  }

  /** Kills the process in the middle of an invocation. @returns false when it has none. */
  crash(): boolean {
    return this.#current !== undefined && this.#process.pid !== undefined && this.#process.kill('SIGKILL');
  }

  /** Kills the process; an invocation that runs fails. Resolves when it is gone. */
  stop(): Promise<void> {
    this.#kill(failure('Runtime.ExitError', 'The host stops'));
    return this.#exited;
  }

  #deliver(): void {
    if (this.#send === undefined || this.#current === undefined) return;
    const send = this.#send;
    const { timeoutSeconds } = this.#definition;
    this.#send = undefined;
    clearTimeout(this.#timer);
    const { invocation, fault } = this.#current;
    if (fault?.kind === 'kill') {
      this.#timer = setTimeout(() => this.crash(), fault.afterMs);
    } else {
      const seconds = fault === undefined ? timeoutSeconds : fault.afterMs / 1000;
      const message = `RequestId: ${invocation.requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
      this.#timer = setTimeout(() => this.#kill(failure('Sandbox.Timedout', message)), seconds * 1000);
    }
    send({ ...invocation, deadlineMs: Date.now() + timeoutSeconds * 1000 });
  }

  #kill(reason: InvocationResult): void {
    // A process that did not start has no pid, and the signal would go to the host's own process group.
    if (this.#process.pid !== undefined) this.#process.kill('SIGKILL');
    this.#fail(reason);
  }

  #fail(reason: InvocationResult): void {
    this.#failure ??= reason;
    this.#settle(this.#failure);
  }

  #settle(result: InvocationResult): void {
    clearTimeout(this.#timer);
    const current = this.#current;
    this.#current = undefined;
    current?.settle(result);
  }
}

function startProcess(definition: FunctionDefinition, own: Readonly<Record<string, string>>): ChildProcess {
  const log = openSync(definition.logFile, 'a');
  const heapMegabytes = Math.floor(definition.memoryMegabytes * HEAP_SHARE);
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMegabytes}`, BOOTSTRAP], {
    cwd: definition.codeDir,
    // The pipe on stdin is how the process learns that the host has died.
    stdio: ['pipe', log, log],
    env: { ...definition.environment, ...own },
  });
  closeSync(log);
  // The pipe breaks when the process is killed, which is no news.
  child.stdin?.on('error', () => {});
  return child;
}
