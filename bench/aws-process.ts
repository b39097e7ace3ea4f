/** S3 in a process of its own, for benches: prints its URL, and ends with its standard input. */
import { startAwsEndpoint } from '../local/aws/aws-endpoint.ts';

const endpoint = await startAwsEndpoint({ dataDir: process.argv[2] ?? '', port: 0 });
endpoint.objects.createBucket('lake');
console.log(endpoint.url);
process.stdin.resume().on('end', () => process.exit());
