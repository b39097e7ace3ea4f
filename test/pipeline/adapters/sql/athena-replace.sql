-- step 1, whose last query lists missing
SELECT "commit_key" FROM "headrace"."load_ledger_order_created" WHERE (("partition" = 1 AND "start_offset" >= 100 AND "start_offset" < 300)) AND "commit_key" NOT IN (SELECT "commit_key" FROM "headrace"."load_ledger_order_created__rebuild")
ORDER BY "partition", "start_offset";

-- step 2
DELETE FROM "headrace"."load_ledger_order_created" WHERE (("partition" = 1 AND "start_offset" >= 100 AND "start_offset" < 300));

-- step 3
DELETE FROM "headrace"."order_created" WHERE (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300));

-- step 4
INSERT INTO "headrace"."order_created" ("_partition", "_offset", "_checksum")
SELECT "_partition", "_offset", "_checksum" FROM "headrace"."order_created__rebuild" WHERE (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300));

-- step 5
INSERT INTO "headrace"."load_ledger_order_created" ("event", "commit_key", "partition", "start_offset", "next_offset", "rows", "schema_version")
SELECT 'order_created', "commit_key", "partition", "start_offset", "next_offset", "rows", "schema_version" FROM "headrace"."load_ledger_order_created__rebuild" WHERE (("partition" = 1 AND "start_offset" >= 100 AND "start_offset" < 300));

-- step 6
DROP TABLE IF EXISTS `headrace`.`lake_order_created__rebuild_v1`;

-- step 7
DROP TABLE IF EXISTS `headrace`.`load_ledger_order_created__rebuild`;

-- step 8
DROP TABLE IF EXISTS `headrace`.`order_created__rebuild`;
