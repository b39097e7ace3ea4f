/** The host's process as the run sees it: started, told what goes wrong, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { HostCommand, HostEvent, HostPlaces, HostProcessOptions } from './host-process.ts';

export interface ChaosHostOptions extends Omit<HostProcessOptions, 'restarts'> {
  readonly logFile: string;
  readonly onFault: (name: string) => void;
}

type Command = HostCommand extends infer Each ? (Each extends HostCommand ? Omit<Each, 'id'> : never) : never;

const PROCESS = join(import.meta.dirname, 'host-process.ts');
const START_MS_MAX = 60_000;

/** One host on one data folder, through all its processes. */
export class ChaosHost {
  readonly #options: ChaosHostOptions;
  readonly #waiting = new Map<number, () => void>();
  #child: ChildProcess | undefined;
  #places: HostPlaces | undefined;
  #commands = 0;
  #starts = 0;
  #expectsExit = false;
  /** Why the host ended although nobody killed it. */
  failure: string | undefined;

  constructor(options: ChaosHostOptions) {
    this.#options = options;
  }

  /** Where the host is now; undefined while it starts. */
  get places(): HostPlaces | undefined {
    return this.#places;
  }

  /** Resolves when it answers. @throws Error when it does not start. */
  async start(): Promise<void> {
    const { logFile, onFault, ...rest } = this.#options;
    const options: HostProcessOptions = { ...rest, restarts: this.#starts++ };
    const log = openSync(logFile, 'a');
    const child = spawn(
      process.execPath,
      ['--disable-warning=TimeoutNegativeWarning', PROCESS, JSON.stringify(options)],
      {
        stdio: ['ignore', log, log, 'ipc'],
        serialization: 'advanced',
      },
    );
    this.#child = child;
    this.#expectsExit = false;
    child.on('exit', (code, signal) => this.#ended(`exit code ${code}, ${signal}`));
    const ready = new Promise<void>((resolve) => {
      child.on('message', (event: HostEvent) => {
        if (event.kind === 'fault') return onFault(event.name);
        if (event.kind === 'done') return this.#waiting.get(event.id)?.();
        this.#places = event;
        resolve();
      });
    });
    const late = AbortSignal.timeout(START_MS_MAX);
    await Promise.race([ready, once(child, 'exit', { signal: late })]);
    if (this.#places === undefined) throw new Error(`The host does not start: ${this.failure}, see ${logFile}`);
  }

  /** Resolves when the host has obeyed, or is gone. */
  async tell(command: Command): Promise<void> {
    const child = this.#child;
    if (this.#places === undefined || child === undefined) return;
    const id = this.#commands++;
    const done = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    child.send({ ...command, id }, () => {});
    await done;
    this.#waiting.delete(id);
  }

  /** SIGKILL, and a start on the same folder. */
  async killAndRestart(): Promise<void> {
    const child = this.#child;
    if (this.#places === undefined || child === undefined) return;
    const exited = once(child, 'exit');
    this.#expectsExit = true;
    this.#places = undefined;
    child.kill('SIGKILL');
    await exited;
    await this.start();
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    this.#expectsExit = true;
    await this.tell({ kind: 'stop' });
    child.disconnect();
    await exited;
  }

  #ended(how: string): void {
    if (!this.#expectsExit) this.failure ??= `it ended by itself with ${how}`;
    this.#places = undefined;
    for (const resolve of this.#waiting.values()) resolve();
    this.#waiting.clear();
  }
}
