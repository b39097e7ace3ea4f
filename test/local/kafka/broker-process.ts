/** A broker in a process of its own, for tests that kill it: prints its address and runs until then. */

import { startKafkaBroker } from '../../../local/kafka/broker.ts';

const [, , dir = ''] = process.argv;
const broker = await startKafkaBroker({ dir });
console.log(broker.bootstrap);
