-- step 1
CREATE SCHEMA IF NOT EXISTS headrace;

-- step 2
CREATE TABLE IF NOT EXISTS headrace.load_ledger ("event" VARCHAR(256) NOT NULL, "commit_key" VARCHAR(256) NOT NULL,
"partition" INTEGER NOT NULL, "start_offset" BIGINT NOT NULL,
"next_offset" BIGINT NOT NULL, "rows" BIGINT NOT NULL,
"schema_version" INTEGER NOT NULL,
"loaded_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE IF NOT EXISTS headrace."lock_order_created" ("nothing" INTEGER);
CREATE TABLE IF NOT EXISTS "public"."order_created" ("_partition" INTEGER, "_offset" BIGINT, "flag" BOOLEAN, "tiny" SMALLINT, "short" INTEGER, "number" INTEGER, "naturals" BIGINT, "long" BIGINT, "huge" DECIMAL(20, 0), "single" REAL, "dual" DOUBLE PRECISION, "name" VARCHAR(65535), "color" VARCHAR(65535), "raw" VARBYTE(1024000), "attributes" SUPER, "day" DATE, "price" DECIMAL(12, 2), "happened" TIMESTAMPTZ, "one" SUPER, "many" SUPER, "named" SUPER, "id" VARCHAR(36), "careful" SUPER, "several" SUPER, "noted" SUPER);

-- step 3
ALTER TABLE "public"."order_created" ADD COLUMN "named" SUPER;

-- step 4
ALTER TABLE "public"."order_created" ADD COLUMN "note" VARCHAR(65535);

-- step 5
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'headrace' AND table_name = 'load_ledger';
