import { withoutValues } from '../../../pipeline/adapters/without-values.ts';

const statements = ['CREATE TABLE "orders" ("order_id" VARCHAR(16))', "COPY orders FROM 's3://lake/manifests/a.json'"];
const SENT = { statements, files: ['data/1.parquet'] };

test.each([
  [
    'ERROR: null value in column "order_id" of relation "orders"',
    'ERROR: null value in column "order_id" of relation "orders"',
  ],
  [
    'ERROR: null value in column "order_id"\n  DETAIL: Failing row contains (0, 7, alice@example.com, null).',
    'ERROR: null value in column "order_id"',
  ],
  ['ERROR: new row violates a check Detail: Failing row contains (1, alice)', 'ERROR: new row violates a check'],
  ['Failing row contains (1, alice)', 'Failing'],
  ['ERROR: invalid input syntax for type integer: "alice"', 'ERROR: invalid input syntax for type integer: "…"'],
  ["100038: Numeric value 'alice''s' is not recognized", "100038: Numeric value '…' is not recognized"],
  ['100069: Failed to cast variant value {"name":"alice","pin":12} to FIXED', '100069: Failed to cast variant value'],
  ['002140: value `alice', '002140: value `…`'],
  [
    'INVALID_CAST_ARGUMENT: Cannot cast BIGINT 4111111111111111 to INT',
    'INVALID_CAST_ARGUMENT: Cannot cast BIGINT … to INT',
  ],
  ['value -12345 or 12.5 is out of range', 'value … or … is out of range'],
  [
    "HIVE_BAD_DATA: Field x's type INT64 in 's3://lake/manifests/a.json'",
    "HIVE_BAD_DATA: Field x's type INT64 in 's3://lake/manifests/a.json'",
  ],
  [
    'S3ServiceException:Access Denied,Status 403,Error AccessDenied',
    'S3ServiceException:Access Denied,Status 403,Error AccessDenied',
  ],
  ["Remote file 's3://lake/data/1.parquet' was not found", "Remote file 's3://lake/data/1.parquet' was not found"],
  ['ERROR: unterminated "alice', 'ERROR: unterminated "…"'],
  ['x'.repeat(301), `${'x'.repeat(300)}…`],
  ['', ''],
])('withoutValues: of %j remains %j', (reason, told) => {
  expect(withoutValues(reason, SENT)).toBe(told);
});
