import { openWarehouse } from '../../../pipeline/adapters/open-warehouse.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';

const open = (url: string) => openWarehouse(url, memoryObjectStore());

test('openWarehouse: refuses a URL of a warehouse that it does not know', async () => {
  for (const url of ['postgres://host/db', 'redshift://headrace', '']) {
    await expect(open(url)).rejects.toThrow(
      `Cannot open the warehouse "${url}": allowed are duckdb:<path of a database file>, redshift:?<settings>, ` +
        'snowflake:?<settings>, athena:?<settings>',
    );
  }
});

test('openWarehouse: names every setting that is missing or unknown', async () => {
  await expect(open('athena:?workgroup=w&database=&lake=b&wharehouse=x')).rejects.toThrow(
    'database is missing, location is missing, wharehouse is unknown, needed are workgroup, database, location, lake',
  );
});

test('openWarehouse: opens Redshift and Athena without asking them anything', async () => {
  const arn = 'arn:aws:iam::123456789012:role/reader';
  const redshift = await open(`redshift:?workgroup=w&database=d&schema=public&secret=${arn}&role=${arn}&lake=b`);
  const athena = await open('athena:?workgroup=w&database=d&location=s3://bucket/tables/&lake=b');
  await redshift.close();
  await athena.close();
});
