/** How loads are submitted, followed and confirmed, on a service whose executions end when the test says so. */
import { redshiftDialect } from '../../../pipeline/adapters/redshift-dialect.ts';
import { remoteWarehouse } from '../../../pipeline/adapters/remote-warehouse.ts';
import type { ResultRow, StatementService, StatementStatus } from '../../../pipeline/adapters/statement-service.ts';
import { PipelineError } from '../../../pipeline/errors.ts';
import type { PendingLoad } from '../../../pipeline/ports.ts';
import { commitRows, IDENTITY } from '../load/lake-fixture.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf } from '../ports/warehouse-suite.ts';

interface LoadExecution {
  readonly id: string;
  readonly token: string;
  readonly name: string;
  readonly keys: readonly string[];
  status: StatementStatus;
  miscounts: readonly ResultRow[];
}

/** A Redshift that holds a ledger; loads run until `end` is called. */
class FakeService implements StatementService {
  readonly ledger = new Set<string>();
  readonly loads: LoadExecution[] = [];
  readonly submitted: string[] = [];
  /** Statements that begin so never end. */
  stuck = 'nothing';
  failures: Error[] = [];
  listed: ReadonlyArray<{ readonly id: string; readonly name: string }> = [];
  readonly #rows = new Map<string, readonly ResultRow[]>();

  async submit({ statements, token, name }: { statements: readonly string[]; token: string; name: string }) {
    const [first = ''] = statements;
    this.submitted.push(first);
    const failure = first.startsWith('CREATE') ? this.failures.shift() : undefined;
    if (failure) {
      throw failure;
    }
    if (first.startsWith('LOCK')) {
      const known = this.loads.find((load) => load.token === token);
      const keys = [...statements.join('\n').matchAll(/'(commits[^']*)'/g)].map(([, key = '']) => key);
      const load: LoadExecution = known ?? {
        id: `load-${this.loads.length}`,
        token,
        name,
        keys,
        status: { state: 'running' },
        miscounts: [],
      };
      if (!known) {
        this.loads.push(load);
      }
      return load.id;
    }
    const id = `query-${this.submitted.length}`;
    const loaded = [...first.matchAll(/'(commits[^']*)'/g)].flatMap(([, key = '']) =>
      this.ledger.has(key) ? [[key]] : [],
    );
    const columns = first.includes('information_schema') ? IDENTITY.map(({ name }) => [name]) : [];
    this.#rows.set(id, [...loaded, ...columns]);
    return id;
  }

  async status(id: string): Promise<StatementStatus> {
    const query = this.submitted[Number(id.slice('query-'.length)) - 1];
    return (
      this.loads.find((load) => load.id === id)?.status ?? {
        state: query?.startsWith(this.stuck) ? 'running' : 'finished',
      }
    );
  }

  async rows(id: string) {
    return this.loads.find((load) => load.id === id)?.miscounts ?? this.#rows.get(id) ?? [];
  }

  async unfinished(prefix: string) {
    return this.listed.filter(({ name }) => name.startsWith(prefix));
  }

  close() {}

  end(at: number, status: StatementStatus = { state: 'finished' }): void {
    const load = this.loads[at] as LoadExecution;
    load.status = status;
    if (status.state === 'finished' && load.miscounts.length === 0) {
      for (const key of load.keys) {
        this.ledger.add(key);
      }
    }
  }
}

const table = tableOf(IDENTITY);
const lake = memoryObjectStore();
const open = (service: StatementService) =>
  remoteWarehouse(redshiftDialect({ store: lake, bucket: 'lake', schema: 'public', copyRoleArn: 'default' }), service, {
    loadWaitMs: 20,
    queryWaitMs: 20,
    pollMs: 1,
  });
const commits = (...starts: number[]): Promise<PendingLoad[]> =>
  Promise.all(starts.map((start) => commitRows(lake, IDENTITY, start, [{}, {}])));
const keysOf = (loads: readonly PendingLoad[]) => loads.map(({ commitKey }) => commitKey);
const FAILED: StatementStatus = { state: 'failed', reason: 'disk full', cause: 'statements' };

test('remoteWarehouse: load answers running, and a later call tells how it ended, once', async () => {
  const service = new FakeService();
  const warehouse = open(service);
  const loads = await commits(0, 2);
  expect(await warehouse.load(table, loads)).toEqual({ loaded: 0, skipped: 0, rows: 0, running: keysOf(loads) });
  expect(await warehouse.load(table, loads)).toMatchObject({ loaded: 0, running: keysOf(loads) });
  service.end(0);
  expect(await warehouse.load(table, loads)).toEqual({ loaded: 2, skipped: 0, rows: 4, running: [] });
  expect(await warehouse.load(table, loads)).toEqual({ loaded: 0, skipped: 2, rows: 0, running: [] });
  expect(service.loads).toHaveLength(1);
});

test('remoteWarehouse: load submits only commits that are not under way, in whatever company they come', async () => {
  const service = new FakeService();
  const warehouse = open(service);
  const [a, b, c] = (await commits(0, 2, 4)) as [PendingLoad, PendingLoad, PendingLoad];
  await warehouse.load(table, [a, b]);
  expect(await warehouse.load(table, [b, c])).toMatchObject({ running: keysOf([b, c]) });
  expect(service.loads.map(({ keys }) => keys)).toEqual([keysOf([a, b]), keysOf([c])]);
  service.end(1);
  expect(await warehouse.load(table, [b, c])).toEqual({ loaded: 1, skipped: 0, rows: 2, running: keysOf([b]) });
});

test('remoteWarehouse: load of another function instance finds what is under way by its name', async () => {
  const service = new FakeService();
  const [a, b, c] = (await commits(0, 2, 4)) as [PendingLoad, PendingLoad, PendingLoad];
  await open(service).load(table, [a, b]);
  service.listed = service.loads;
  const other = open(service);
  expect(await other.load(table, [b])).toMatchObject({ running: keysOf([b]) });
  expect(await other.load(table, [c])).toMatchObject({ running: keysOf([c]) });
  expect(service.loads.map(({ keys }) => keys)).toEqual([keysOf([a, b]), keysOf([c])]);
  service.end(0);
  expect(await other.load(table, [a, b])).toMatchObject({ loaded: 2, running: [] });
});

test('remoteWarehouse: load of the same commits is the same submission from every instance', async () => {
  const service = new FakeService();
  const loads = await commits(0, 2);
  await open(service).load(table, loads);
  await open(service).load(table, loads);
  expect(service.loads).toHaveLength(1);
  await open(service).load({ ...table, event: 'other' }, loads);
  expect(service.loads).toHaveLength(2);
});

test('remoteWarehouse: load throws a failure once, and submits anew when it is called again', async () => {
  const service = new FakeService();
  const warehouse = open(service);
  const loads = await commits(0);
  await warehouse.load(table, loads);
  service.end(0, FAILED);
  await expect(warehouse.load(table, loads)).rejects.toThrow(
    'Cannot load into "order_created": Redshift says: disk full',
  );
  expect(await warehouse.load(table, loads)).toMatchObject({ running: keysOf(loads) });
  expect(service.loads).toHaveLength(2);
  // An instance that has not heard of the failure finds it under the first token, and goes on to the second.
  expect(await open(service).load(table, loads)).toMatchObject({ running: keysOf(loads) });
  expect(service.loads).toHaveLength(2);
  service.end(1);
  expect(await warehouse.load(table, loads)).toMatchObject({ loaded: 1 });
});

test.each<[string, StatementStatus, readonly ResultRow[]]>([
  ['failed', FAILED, []],
  ['was busy', { state: 'failed', reason: 'SlowDown', cause: 'busy' }, []],
  ['met a conflict', { state: 'failed', reason: 'deadlock detected', cause: 'conflict' }, []],
  ['counted other rows', { state: 'finished' }, [['commits/0/1.json', '1', '2']]],
])('remoteWarehouse: load of a new instance runs anew what %s before, however often', async (_, status, miscounts) => {
  const service = new FakeService();
  const loads = await commits(0);
  for (let instance = 0; instance < 12; instance++) {
    expect(await open(service).load(table, loads)).toMatchObject({ running: keysOf(loads) });
    expect(service.loads).toHaveLength(instance + 1);
    (service.loads[instance] as LoadExecution).miscounts = miscounts;
    service.end(instance, status);
  }
  await open(service).load(table, loads);
  service.end(12);
  expect(await open(service).load(table, loads)).toMatchObject({ skipped: 1 });
});

test('remoteWarehouse: load tells of statements that fail at once, after a bounded number of tries', async () => {
  const service = new FakeService();
  const submit = service.submit.bind(service);
  service.submit = async (submission) => {
    const id = await submit(submission);
    if (id.startsWith('load')) {
      service.end(Number(id.slice('load-'.length)), FAILED);
    }
    return id;
  };
  const loads = await commits(0);
  await expect(open(service).load(table, loads)).rejects.toThrow('disk full');
  expect(service.loads).toHaveLength(6);
});

test('remoteWarehouse: load is not deceived by executions from before the table was dropped twice', async () => {
  const service = new FakeService();
  const loads = await commits(0);
  for (let rebuild = 0; rebuild < 3; rebuild++) {
    const warehouse = open(service);
    expect(await warehouse.load(table, loads)).toMatchObject({ loaded: 0, running: keysOf(loads) });
    expect(service.loads).toHaveLength(rebuild + 1);
    service.end(rebuild);
    expect(await warehouse.load(table, loads)).toMatchObject({ loaded: 1 });
    await warehouse.drop(table);
    service.ledger.clear();
  }
});

test('remoteWarehouse: load submits again after a conflict, and what is busy passes by itself', async () => {
  const service = new FakeService();
  const warehouse = open(service);
  const loads = await commits(0);
  await warehouse.load(table, loads);
  service.end(0, { state: 'failed', reason: 'deadlock detected', cause: 'conflict' });
  expect(await warehouse.load(table, loads)).toMatchObject({ loaded: 0, running: keysOf(loads) });
  expect(await warehouse.load(table, loads)).toMatchObject({ loaded: 0, running: keysOf(loads) });
  expect(service.loads).toHaveLength(2);
  service.end(1, { state: 'failed', reason: 'exhausted', cause: 'busy' });
  await expect(warehouse.load(table, loads)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
});

test('remoteWarehouse: load does not ask for an execution whose commits the ledger holds', async () => {
  const service = new FakeService();
  const warehouse = open(service);
  const loads = await commits(0);
  await warehouse.load(table, loads);
  service.end(0);
  // As a day later, when the service has forgotten it.
  service.status = async (id) => {
    if (id.startsWith('load')) {
      throw new Error('ResourceNotFoundException');
    }
    return { state: 'finished' };
  };
  expect(await warehouse.load(table, loads)).toMatchObject({ loaded: 1, running: [] });
});

test('remoteWarehouse: load tells what a warehouse says without the values that it quotes, and where to read it', async () => {
  const service = new FakeService();
  const loads = await commits(0);
  const reason = 'ERROR: null in "_offset" and "alice" DETAIL: Failing row contains (0, alice)';
  const told = 'Redshift says: ERROR: null in "_offset" and "…" (statement "load-0")';
  const warehouse = open(service);
  await warehouse.load(table, loads);
  service.end(0, { state: 'failed', reason, cause: 'statements' });
  await expect(warehouse.load(table, loads)).rejects.toThrow(`Cannot load into "order_created": ${told}`);
  service.status = async () => ({ state: 'failed', reason: 'no "alice" here', cause: 'statements' });
  await expect(open(service).ledger(table)).rejects.toThrow(/says: no "…" here \(statement "query-\d+"\)$/);
});

test('remoteWarehouse: load refuses files that hold other rows than their commit counts', async () => {
  const service = new FakeService();
  const warehouse = open(service);
  const loads = await commits(0);
  await warehouse.load(table, loads);
  (service.loads[0] as LoadExecution).miscounts = [['commits/0/1.json', '1', '2']];
  service.end(0);
  const message = 'Cannot load "commits/0/1.json": its files hold 1 rows, it counts 2';
  await expect(warehouse.load(table, loads)).rejects.toMatchObject({ code: 'BROKEN_INVARIANT', message });
});

test('remoteWarehouse: load is not deceived by an execution from before the table was dropped', async () => {
  const service = new FakeService();
  const loads = await commits(0);
  const warehouse = open(service);
  await warehouse.load(table, loads);
  service.end(0);
  await warehouse.load(table, loads);
  await warehouse.drop(table);
  service.ledger.clear();
  // The token finds the old execution, which has finished; but the ledger knows nothing of it.
  expect(await warehouse.load(table, loads)).toEqual({ loaded: 0, skipped: 0, rows: 0, running: keysOf(loads) });
  expect(service.loads).toHaveLength(2);
  service.end(1);
  expect(await warehouse.load(table, loads)).toMatchObject({ loaded: 1 });
});

test('remoteWarehouse: load puts many commits into several transactions', async () => {
  const service = new FakeService();
  const loads = await commits(...Array.from({ length: 80 }, (_, index) => 2 * index));
  expect((await open(service).load(table, loads)).running).toHaveLength(80);
  expect(service.loads.map(({ keys }) => keys.length)).toEqual([35, 35, 10]);
  expect(Math.max(...service.loads.map(({ name }) => name.length))).toBeLessThanOrEqual(500);
});

test('remoteWarehouse: load makes the table once for each instance and version', async () => {
  const service = new FakeService();
  const warehouse = open(service);
  const loads = await commits(0);
  const made = () => service.submitted.filter((sql) => sql.startsWith('CREATE')).length;
  await warehouse.load(table, loads);
  await warehouse.load(table, loads);
  expect(made()).toBe(2);
  await warehouse.load({ ...table, schemaVersion: 2 }, loads);
  expect(made()).toBe(4);
});

test('remoteWarehouse: load tries to make the table twice, for another may have made it meanwhile', async () => {
  const service = new FakeService();
  const loads = await commits(0);
  service.failures = [new Error('relation already exists')];
  expect(await open(service).load(table, loads)).toMatchObject({ running: keysOf(loads) });
  service.failures = [new Error('no permission'), new Error('no permission')];
  await expect(open(service).load(table, loads)).rejects.toThrow('no permission');
  service.failures = [new PipelineError('UNAVAILABLE', 'busy', { retryable: true }), new Error('not asked again')];
  await expect(open(service).load(table, loads)).rejects.toThrow('busy');
});

test('remoteWarehouse: a query that takes too long is given up', async () => {
  const service = new FakeService();
  service.stuck = 'SELECT column_name';
  const error = { code: 'UNAVAILABLE', message: expect.stringMatching(/still runs, allowed are 20 ms/) };
  await expect(open(service).ledger(table)).rejects.toMatchObject(error);
});
