-- step 1
SELECT "commit_key" FROM headrace.load_ledger
WHERE "event" = 'order_created' AND "commit_key" IN ('commits/0/1.json', 'it''s');
SELECT "commit_key", "partition", "start_offset", "next_offset", "rows" FROM headrace.load_ledger
WHERE "event" = 'order_created' AND 1 = 1
ORDER BY "partition", "start_offset";
SELECT "commit_key", "partition", "start_offset", "next_offset", "rows" FROM headrace.load_ledger
WHERE "event" = 'order_created' AND 1 = 0
ORDER BY "partition", "start_offset";
SELECT r.pos, COUNT(*), COUNT(DISTINCT t."_offset"), SUM(CAST(t."_checksum" AS BIGINT))
FROM (SELECT 0 AS pos, 1 AS part, 100 AS low, 300 AS high
UNION ALL SELECT 1 AS pos, 0 AS part, 0 AS low, 9007199254740991 AS high) r
JOIN "order_created" t ON t."_partition" = r.part AND t."_offset" >= r.low AND t."_offset" < r.high
GROUP BY r.pos;
SELECT "_offset" FROM "order_created" WHERE (("_partition" = 1 AND "_offset" >= 100 AND "_offset" < 300)) ORDER BY "_offset";
