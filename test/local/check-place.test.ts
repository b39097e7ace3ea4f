import { createServer } from 'node:net';
import { checkPlace } from '../../local/check-place.ts';
import { openDataFolder } from '../../local/data-folder.ts';
import { HostError } from '../../local/host-error.ts';
import { listen } from '../../local/listen.ts';
import { PLAINTEXT } from '../../pipeline/adapters/kafka-connection.ts';
import { temporaryFolder } from './fixture-assembly.ts';

test('checkPlace gives back what it takes', async () => {
  const dataDir = temporaryFolder();
  await checkPlace({ dataDir });
  await checkPlace({ dataDir });
});

test('checkPlace refuses a folder that a host has', async () => {
  const dataDir = temporaryFolder();
  const folder = openDataFolder(dataDir);
  await expect(checkPlace({ dataDir })).rejects.toThrow(/^Cannot use the data folder .*: process \d+ uses it/);
  folder.unlock();
});

test('checkPlace refuses a port that is taken, and gives the folder back', async () => {
  const dataDir = temporaryFolder();
  const server = createServer();
  const port = await listen(server, 0);
  await expect(checkPlace({ dataDir, port })).rejects.toThrow(
    `Cannot listen on "127.0.0.1:${port}": another process uses it`,
  );
  server.close();
  await checkPlace({ dataDir });
});

test('checkPlace refuses a Kafka that does not answer', async () => {
  const kafka = { brokers: '127.0.0.1:1', clientProperties: PLAINTEXT };
  const failure = await checkPlace({ dataDir: temporaryFolder(), kafka }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(HostError);
  expect((failure as Error).message).toMatch(/^Cannot reach Kafka at "127.0.0.1:1"/);
});
