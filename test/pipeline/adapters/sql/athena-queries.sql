-- step 1
SELECT "commit_key" FROM "headrace"."load_ledger_order_created"
WHERE "event" = 'order_created' AND "commit_key" IN ('commits/0/1.json', 'it''s');
SELECT "commit_key", "partition", "start_offset", "next_offset", "rows" FROM "headrace"."load_ledger_order_created"
WHERE "event" = 'order_created' AND 1 = 1
ORDER BY "partition", "start_offset";
SELECT "commit_key", "partition", "start_offset", "next_offset", "rows" FROM "headrace"."load_ledger_order_created"
WHERE "event" = 'order_created' AND 1 = 0
ORDER BY "partition", "start_offset";
SELECT part, low, high FROM (
SELECT part, ends AS low, LEAD(begins) OVER (PARTITION BY part ORDER BY begins, ends) AS high FROM (
SELECT "partition" AS part, "start_offset" AS begins, "next_offset" AS ends FROM "headrace"."load_ledger_order_created"
WHERE "event" = 'order_created' AND (("partition" = 1 AND "start_offset" >= 100 AND "start_offset" < 300))
UNION ALL SELECT 1, 99, 100) entries) pairs
WHERE high IS NULL OR high > low ORDER BY part, low;
SELECT pos, COUNT(*), COUNT(DISTINCT place), CAST(SUM(checksum) AS DECIMAL(38, 0)),
SUM(CAST(checksum * MOD(place, 4294967296) AS DECIMAL(38, 0)))
FROM (SELECT CASE WHEN (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300)) THEN 0
WHEN (("_partition" = 0 AND "_offset" >= 0 AND "_offset" < 9007199254740991)) THEN 1 END AS pos,
"_offset" AS place, CAST("_checksum" AS BIGINT) AS checksum
FROM "headrace"."order_created" WHERE (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300) OR ("_partition" = 0 AND "_offset" >= 0 AND "_offset" < 9007199254740991))) measured
WHERE pos IS NOT NULL GROUP BY pos;
SELECT "_partition", COUNT(*), MIN("_offset"), MAX("_offset") FROM "headrace"."order_created"
WHERE CASE WHEN (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300)) THEN 0 ELSE 1 END = 1
GROUP BY "_partition" ORDER BY "_partition";
SELECT "_offset" FROM "headrace"."order_created" WHERE (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300)) ORDER BY "_offset";
