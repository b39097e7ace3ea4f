/** A broker in a process of its own, to kill or to measure: prints its address and milliseconds to start, as JSON. */

import { enableCompileCache, flushCompileCache } from 'node:module';

// Without it Node loads its TypeScript stripper for every start: 30 MB and 400 ms that are not the broker's.
enableCompileCache();
const { startKafkaBroker } = await import('../../../local/kafka/broker.ts');
const [, , dir = ''] = process.argv;
const startedAt = performance.now();
const { bootstrap } = await startKafkaBroker({ dir });
console.log(JSON.stringify({ bootstrap, startMs: performance.now() - startedAt }));
flushCompileCache();
