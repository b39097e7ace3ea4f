-- step 1, whose last query lists missing
LOCK TABLE headrace."lock_order_created", headrace."lock_order_created#rebuild";
CREATE TEMPORARY TABLE headrace_missing AS
SELECT "commit_key" AS commit_key, "partition" AS part, "start_offset" AS low
FROM headrace.load_ledger WHERE "event" = 'order_created' AND (("partition" = 1 AND "start_offset" >= 100 AND "start_offset" < 300)) AND "commit_key" NOT IN (
SELECT "commit_key" FROM headrace.load_ledger WHERE "event" = 'order_created#rebuild');
DELETE FROM "public"."order_created" WHERE (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300)) AND NOT EXISTS (SELECT 1 FROM headrace_missing);
INSERT INTO "public"."order_created" ("_partition", "_offset", "_checksum")
SELECT "_partition", "_offset", "_checksum" FROM "public"."order_created__rebuild" WHERE (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300)) AND NOT EXISTS (SELECT 1 FROM headrace_missing);
DELETE FROM headrace.load_ledger WHERE "event" = 'order_created' AND (("partition" = 1 AND "start_offset" >= 100 AND "start_offset" < 300)) AND NOT EXISTS (SELECT 1 FROM headrace_missing);
UPDATE headrace.load_ledger SET "event" = 'order_created' WHERE "event" = 'order_created#rebuild' AND (("partition" = 1 AND "start_offset" >= 100 AND "start_offset" < 300)) AND NOT EXISTS (SELECT 1 FROM headrace_missing);
SELECT commit_key FROM headrace_missing ORDER BY part, low;
DROP TABLE headrace_missing;

-- step 2
DROP TABLE IF EXISTS "public"."order_created__rebuild";
DROP TABLE IF EXISTS headrace."lock_order_created#rebuild";
DELETE FROM headrace.load_ledger WHERE "event" = 'order_created#rebuild';
