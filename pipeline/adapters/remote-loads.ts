/** Loads on their way into a remote warehouse: submitted, followed over several calls, confirmed by the ledger. */
import { createHash, randomUUID } from 'node:crypto';
import { BrokenInvariantError } from '../errors.ts';
import type { LoadOutcome, PendingLoad, WarehouseTable } from '../ports.ts';
import type { Pace, StatementRunner } from './statement-runner.ts';
import type { StatementService, StatementStatus } from './statement-service.ts';
import type { Step, WarehouseDialect } from './warehouse-dialect.ts';

/** An execution that this function instance has submitted, or found under way. */
interface Execution {
  readonly event: string;
  /** Short hashes of the commits' keys, as the execution's name lists them. */
  readonly commits: ReadonlySet<string>;
  /** Keys of their files; none where another instance submitted it. */
  readonly files: readonly string[];
  /** The step that runs, and those that follow it. */
  steps: readonly Step[];
  id: string;
  /** Statements that had ended when they were first looked at: their token may have found an old execution. */
  readonly suspects: Array<readonly string[]>;
}

/** `conflicted`: with another transaction, which took it back; the next call submits it anew. */
type Ending = 'finished' | 'running' | 'conflicted' | Error;

interface Ended {
  readonly execution: Execution;
  readonly ending: Ending;
}

/** 40 bits: a collision among the commits under way would only delay a commit to a later call. */
const COMMIT_HASH_LENGTH = 10;

/**
 * Tokens by which an execution of other instances is looked for. Each is made of the one before that failed, so that
 * all instances go the same way; behind them a token is random, and runs whatever the service remembers.
 */
const TOKENS_MAX = 5;

/**
 * Who submits twice loads once: the statements themselves check the ledger under a lock. What is done here is to submit
 * rarely twice, and to learn how an execution ended. A failure is thrown by the call that waited for it. One that a
 * token finds from before is nobody's answer: it is passed over, so that every call has an execution that runs, or ran
 * within it.
 */
export class RemoteLoads {
  readonly #dialect: WarehouseDialect;
  readonly #service: StatementService;
  readonly #runner: StatementRunner;
  readonly #pace: Pace;
  #executions: Execution[] = [];
  /** What must not be attached to again, for statements that were to run: a part of the next token. */
  readonly #superseded = new Map<string, string>();

  constructor(dialect: WarehouseDialect, service: StatementService, runner: StatementRunner, pace: Pace) {
    this.#dialect = dialect;
    this.#service = service;
    this.#runner = runner;
    this.#pace = pace;
  }

  async load(table: WarehouseTable, loads: readonly PendingLoad[]): Promise<LoadOutcome> {
    const held = await this.#loadedKeys(table, loads);
    await this.#adopt(table, loads, held);
    const fresh = loads.filter((load) => !held.has(load.commitKey) && !this.#executionOf(table, load));
    await this.#start(table, fresh);
    const deadline = Date.now() + this.#pace.loadWaitMs;
    let endings = await this.#followAll(table, loads, held, deadline);
    if (await this.#restartLost(table, loads, endings)) {
      endings = new Map([...endings, ...(await this.#followAll(table, loads, held, deadline))]);
    }
    return outcomeOf(loads, held, endings);
  }

  forget({ event }: WarehouseTable): void {
    this.#executions = this.#executions.filter((execution) => execution.event !== event);
  }

  async #loadedKeys(table: WarehouseTable, loads: readonly PendingLoad[]): Promise<ReadonlySet<string>> {
    const keys = loads.map(({ commitKey }) => commitKey);
    const found = new Set<string>();
    for (let from = 0; from < keys.length; from += KEYS_PER_QUERY) {
      const rows = await this.#runner.query(this.#dialect.loadedKeys(table, keys.slice(from, from + KEYS_PER_QUERY)));
      for (const [key] of rows) {
        found.add(String(key));
      }
    }
    return found;
  }

  #executionOf(table: WarehouseTable, load: PendingLoad): Execution | undefined {
    const hash = commitHash(table, load);
    return this.#executions.find(({ event, commits }) => event === table.event && commits.has(hash));
  }

  /** Takes over what another function instance has submitted: commits whose end is not known to this one. */
  async #adopt(table: WarehouseTable, loads: readonly PendingLoad[], held: ReadonlySet<string>): Promise<void> {
    if (loads.every((load) => held.has(load.commitKey) || this.#executionOf(table, load))) {
      return;
    }
    const prefix = namePrefix(table);
    for (const { id, name } of await this.#service.unfinished(prefix)) {
      if (this.#executions.every((execution) => execution.id !== id)) {
        const commits = new Set(name.slice(prefix.length).split('.'));
        const steps: Step[] = [{ statements: [], objects: 'miscounts' }];
        this.#executions.push({ event: table.event, commits, files: [], steps, id, suspects: [] });
      }
    }
  }

  async #start(table: WarehouseTable, loads: readonly PendingLoad[]): Promise<void> {
    for (let from = 0; from < loads.length; from += this.#dialect.commitsMax) {
      const part = loads.slice(from, from + this.#dialect.commitsMax);
      const steps = await this.#dialect.loadSteps(table, part);
      const commits = new Set(part.map((load) => commitHash(table, load)));
      const files = part.flatMap(({ commit }) => commit.files.map(({ key }) => key));
      const execution: Execution = { event: table.event, commits, files, steps, id: '', suspects: [] };
      await this.#submit(execution);
      this.#executions.push(execution);
    }
  }

  async #submit(execution: Execution): Promise<void> {
    const { statements, objects } = execution.steps[0] ?? { statements: [] };
    const name = `${namePrefix(execution)}${[...execution.commits].join('.')}`;
    for (let tokens = 0; ; tokens++) {
      const token =
        tokens < TOKENS_MAX ? sha256([statements, this.#superseded.get(sha256(statements)) ?? '']) : randomUUID();
      execution.id = await this.#service.submit({ statements, token, name });
      const status = await this.#service.status(execution.id);
      if (tokens === TOKENS_MAX || !(await this.#hasFailed(execution.id, status, objects))) {
        if (status.state === 'finished') {
          execution.suspects.push(statements);
        }
        return;
      }
      this.#supersede(statements, execution.id);
    }
  }

  async #hasFailed(id: string, { state }: StatementStatus, objects: Step['objects']): Promise<boolean> {
    return (
      state === 'failed' || (state === 'finished' && objects !== undefined && (await this.#service.rows(id)).length > 0)
    );
  }

  /** How the execution of each load ended, by the load's key; what is not under way has none. */
  async #followAll(
    table: WarehouseTable,
    loads: readonly PendingLoad[],
    held: ReadonlySet<string>,
    deadline: number,
  ): Promise<Map<string, Ended>> {
    const ended = new Map<Execution, Ended>();
    const endings = new Map<string, Ended>();
    for (const load of loads) {
      const execution = this.#executionOf(table, load);
      if (execution) {
        // What the ledger holds has ended well, even if the service has forgotten it by now.
        const follow = () => (held.has(load.commitKey) ? 'finished' : this.#follow(execution, deadline));
        const end = ended.get(execution) ?? { execution, ending: await follow() };
        ended.set(execution, end);
        endings.set(load.commitKey, end);
      }
    }
    this.#executions = this.#executions.filter(
      (execution) => ended.get(execution)?.ending === 'running' || !ended.has(execution),
    );
    return endings;
  }

  /** Through the steps that are left, as far as the time goes. */
  async #follow(execution: Execution, deadline: number): Promise<Ending> {
    for (;;) {
      const status = await this.#runner.settle(execution.id, deadline);
      if (status.state === 'running') {
        return 'running';
      }
      const [step, ...rest] = execution.steps;
      if (status.state === 'failed') {
        this.#supersede(step?.statements, execution.id);
        return status.cause === 'conflict'
          ? 'conflicted'
          : this.#runner.failure(
              `load into "${execution.event}"`,
              { ...execution, statements: step?.statements ?? [] },
              status,
            );
      }
      const [miscount] = step?.objects ? await this.#service.rows(execution.id) : [];
      if (miscount) {
        this.#supersede(step?.statements, execution.id);
        const [key, found, counted] = miscount;
        return new BrokenInvariantError(`Cannot load "${key}": its files hold ${found} rows, it counts ${counted}`);
      }
      if (rest.length === 0) {
        return 'finished';
      }
      execution.steps = rest;
      await this.#submit(execution);
    }
  }

  #supersede(statements: readonly string[] = [], by: string): void {
    this.#superseded.set(sha256(statements), by);
  }

  /**
   * A token may have found an execution from before the table was dropped and made again: commits that the ledger does
   * not hold after all are submitted with a token that nobody has used.
   */
  async #restartLost(
    table: WarehouseTable,
    loads: readonly PendingLoad[],
    endings: ReadonlyMap<string, Ended>,
  ): Promise<boolean> {
    const suspected = loads.filter(({ commitKey }) => {
      const { execution, ending } = endings.get(commitKey) ?? {};
      return ending === 'finished' && execution && execution.suspects.length > 0;
    });
    const held = suspected.length > 0 ? await this.#loadedKeys(table, suspected) : new Set();
    const lost = suspected.filter(({ commitKey }) => !held.has(commitKey));
    for (const { commitKey } of lost) {
      for (const statements of endings.get(commitKey)?.execution.suspects ?? []) {
        this.#supersede(statements, randomUUID());
      }
    }
    await this.#start(table, lost);
    return lost.length > 0;
  }
}

const KEYS_PER_QUERY = 500;

/** @throws the first of the errors that executions ended with. */
function outcomeOf(
  loads: readonly PendingLoad[],
  held: ReadonlySet<string>,
  endings: ReadonlyMap<string, Ended>,
): LoadOutcome {
  const ending = ({ commitKey }: PendingLoad): Ending | undefined => endings.get(commitKey)?.ending;
  const failed = loads.map(ending).find((found) => found instanceof Error);
  if (failed) {
    throw failed;
  }
  const finished = loads.filter((load) => ending(load) === 'finished');
  return {
    loaded: finished.length,
    skipped: loads.filter((load) => held.has(load.commitKey) && !ending(load)).length,
    rows: finished.reduce((sum, { commit }) => sum + commit.rows, 0),
    running: loads
      .filter((load) => ['running', 'conflicted'].includes(String(ending(load))))
      .map(({ commitKey }) => commitKey),
  };
}

const namePrefix = ({ event }: { readonly event: string }): string => `headrace.${event}.`;

const commitHash = ({ event }: WarehouseTable, { commitKey }: PendingLoad): string =>
  sha256([event, commitKey]).slice(0, COMMIT_HASH_LENGTH);

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
