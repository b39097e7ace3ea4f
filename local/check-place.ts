/** What can keep a host from starting, found before the stacks are synthesized, which takes many seconds. */
import { createServer } from 'node:net';
import { openDataFolder } from './data-folder.ts';
import type { HostOptions } from './host.ts';
import { listen } from './listen.ts';
import { TopicAdmin } from './topic-admin.ts';

/**
 * Takes the data folder, the port and a connection to Kafka, and gives them back.
 * @throws HostError as the host itself does when it starts.
 */
export async function checkPlace({
  dataDir,
  port = 0,
  kafka,
}: Pick<HostOptions, 'dataDir' | 'port' | 'kafka'>): Promise<void> {
  openDataFolder(dataDir).unlock();
  const server = createServer();
  await listen(server, port);
  await new Promise((resolve) => server.close(resolve));
  if (kafka !== undefined) {
    const topics = new TopicAdmin(kafka);
    await topics.connect();
    await topics.close();
  }
}
