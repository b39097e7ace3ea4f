import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PendingLoad } from '../../../pipeline/ports.ts';
import { commitKey, commitLog } from '../../../pipeline/sink/commit-log.ts';
import { drainTopic } from '../../../pipeline/sink/drain.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { ORDER_VERSION_ID, orderContract } from '../ingest/order-events.ts';
import { type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-gaps-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Commits and loads what the drain finds. */
async function drain(world: PipelineWorld): Promise<void> {
  const loads: PendingLoad[] = [];
  const { lake, reader, clock } = world;
  await drainTopic(
    {
      contract: orderContract,
      lake,
      reader,
      log: commitLog(lake),
      encoders: [rowEncoder(orderContract, [ORDER_VERSION_ID])],
      timeLeftMs: () => 60_000,
      now: () => clock.now,
      committed: (commit) => void loads.push({ commitKey: commitKey(commit.partition, commit.start), commit }),
    },
    { inputBytesMax: 1e9, reserveMs: 1000 },
  );
  await world.load(...loads);
}

test('audit: a commit of gaps alone is loaded like any other, and says what retention took', async () => {
  const world = pipelineWorld(folder);
  world.produce(0, [0, 1, 2]);
  world.produce(1, [0]);
  await drain(world);
  world.reader.watermarks.set(0, { high: 9 });
  await drain(world);
  expect(await world.audit()).toMatchObject({
    total: { committed: 4, loaded: 4, passedOver: 6, lost: 0, duplicated: 0 },
    faults: [],
  });
  world.reader.records.set(0, []);
  world.reader.watermarks.set(0, { low: 20, high: 20 });
  await drain(world);
  const report = await world.audit();
  expect(report).toMatchObject({ total: { loaded: 4, lost: 11, duplicated: 0 } });
  expect(report.faults).toMatchObject([{ kind: 'RETENTION', first: 9, next: 20 }]);
});
