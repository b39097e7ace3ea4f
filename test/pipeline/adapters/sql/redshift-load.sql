-- step 1, whose last query lists miscounts
LOCK TABLE headrace."lock_order_created";
CREATE TEMPORARY TABLE headrace_commits ("event" VARCHAR(256) NOT NULL, "commit_key" VARCHAR(256) NOT NULL,
"partition" INTEGER NOT NULL, "start_offset" BIGINT NOT NULL,
"next_offset" BIGINT NOT NULL, "rows" BIGINT NOT NULL,
"schema_version" INTEGER NOT NULL);
INSERT INTO headrace_commits VALUES
('order_created', 'commits/0/9999999999999999999.json', 0, 0, 100, 100, 2),
('order_created', 'commits/1/9999999999999999899.json', 1, 100, 300, 200, 2),
('order_created', 'commits/2/9999999999999999999.json', 2, 0, 5, 5, 2);
DELETE FROM headrace_commits WHERE "commit_key" IN (
SELECT "commit_key" FROM headrace.load_ledger WHERE "event" = 'order_created');
CREATE TEMPORARY TABLE headrace_rows ("_partition" INTEGER, "_offset" BIGINT, "flag" BOOLEAN, "tiny" INTEGER, "short" INTEGER, "number" INTEGER, "naturals" INTEGER, "long" BIGINT, "huge" BIGINT, "single" REAL, "dual" DOUBLE PRECISION, "name" VARCHAR(65535), "color" VARCHAR(65535), "raw" VARBYTE(1024000), "attributes" VARCHAR(65535), "day" DATE, "price" DECIMAL(12, 2), "happened" TIMESTAMP, "one" SUPER, "many" SUPER, "named" SUPER, "id" VARBYTE(16), "careful" SUPER, "several" SUPER, "noted" SUPER);
COPY headrace_rows
FROM 's3://event-order-created-lake/manifests/1cdab52c77b32347f393adac51ea87078bcadc91f5f9a38aa94e588e4bb3f6cc.json' IAM_ROLE 'arn:aws:iam::123456789012:role/headrace-warehouse-reader' FORMAT AS PARQUET SERIALIZETOJSON MANIFEST FILLRECORD STATUPDATE OFF;
CREATE TEMPORARY TABLE headrace_miscounts AS SELECT c."commit_key" AS commit_key, COUNT(r."_offset") AS found, MAX(c."rows") AS counted
FROM headrace_commits c LEFT JOIN headrace_rows r ON r."_partition" = c."partition" AND r."_offset" >= c."start_offset" AND r."_offset" < c."next_offset"
GROUP BY c."commit_key" HAVING COUNT(r."_offset") <> MAX(c."rows");
INSERT INTO "public"."order_created" ("_partition", "_offset", "flag", "tiny", "short", "number", "naturals", "long", "huge", "single", "dual", "name", "color", "raw", "attributes", "day", "price", "happened", "one", "many", "named", "id", "careful", "several", "noted")
SELECT CAST(r."_partition" AS INTEGER), CAST(r."_offset" AS BIGINT), r."flag", CAST(r."tiny" AS SMALLINT), CAST(r."short" AS INTEGER), CAST(r."number" AS INTEGER), CAST(r."naturals" AS BIGINT) + CASE WHEN r."naturals" < 0 THEN CAST(4294967296 AS BIGINT) ELSE 0 END, CAST(r."long" AS BIGINT), CAST(r."huge" AS DECIMAL(20, 0)) + CASE WHEN r."huge" < 0 THEN CAST(18446744073709551616 AS DECIMAL(20, 0)) ELSE 0 END, r."single", r."dual", r."name", r."color", r."raw", JSON_PARSE(r."attributes"), r."day", r."price", r."happened" AT TIME ZONE 'UTC', r."one", r."many", r."named", SUBSTRING(FROM_VARBYTE(r."id", 'hex'), 1, 8) || '-' || SUBSTRING(FROM_VARBYTE(r."id", 'hex'), 9, 4) || '-' || SUBSTRING(FROM_VARBYTE(r."id", 'hex'), 13, 4) || '-' || SUBSTRING(FROM_VARBYTE(r."id", 'hex'), 17, 4) || '-' || SUBSTRING(FROM_VARBYTE(r."id", 'hex'), 21, 12), r."careful", r."several", r."noted"
FROM headrace_rows r JOIN headrace_commits c ON r."_partition" = c."partition" AND r."_offset" >= c."start_offset" AND r."_offset" < c."next_offset" WHERE NOT EXISTS (SELECT 1 FROM headrace_miscounts);
INSERT INTO headrace.load_ledger ("event", "commit_key", "partition", "start_offset", "next_offset", "rows", "schema_version")
SELECT "event", "commit_key", "partition", "start_offset", "next_offset", "rows", "schema_version" FROM headrace_commits WHERE NOT EXISTS (SELECT 1 FROM headrace_miscounts);
SELECT commit_key, found, counted FROM headrace_miscounts ORDER BY commit_key;
DROP TABLE headrace_commits, headrace_rows, headrace_miscounts;
