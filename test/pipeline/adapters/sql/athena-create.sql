-- step 1
CREATE TABLE IF NOT EXISTS `headrace`.`load_ledger_order_created` (`event` string, `commit_key` string, `partition` int, `start_offset` bigint, `next_offset` bigint, `rows` bigint, `schema_version` int)
LOCATION 's3://warehouse/tables/load_ledger_order_created/'
TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'zstd');

-- step 2
CREATE TABLE IF NOT EXISTS `headrace`.`order_created` (`_partition` int, `_offset` bigint, `flag` boolean, `tiny` int, `short` int, `number` int, `naturals` bigint, `long` bigint, `huge` decimal(20, 0), `single` float, `dual` double, `name` string, `color` string, `raw` binary, `attributes` string, `day` date, `price` decimal(12, 2), `happened` timestamp, `one` string, `many` string, `named` string, `id` string, `careful` string, `several` string, `noted` string)
LOCATION 's3://warehouse/tables/order_created/'
TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'zstd');

-- step 3
CREATE EXTERNAL TABLE IF NOT EXISTS `headrace`.`lake_order_created_v2` (`_partition` int, `_offset` bigint, `flag` boolean, `tiny` int, `short` int, `number` int, `naturals` bigint, `long` bigint, `huge` bigint, `single` float, `dual` double, `name` string, `color` string, `raw` binary, `attributes` string, `day` date, `price` decimal(12, 2), `happened` bigint, `one` struct<`n`:int,`t`:string>, `many` array<struct<`n`:int,`t`:string>>, `named` map<string,struct<`n`:int,`t`:string>>, `id` binary, `careful` struct<`big`:bigint,`raw`:binary,`happened`:bigint>, `several` array<struct<`big`:bigint,`raw`:binary,`happened`:bigint>>, `noted` map<string,struct<`big`:bigint,`raw`:binary,`happened`:bigint>>)
PARTITIONED BY (`headrace_list` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://event-order-created-lake/manifests/athena/'
TBLPROPERTIES ('projection.enabled' = 'true', 'projection.headrace_list.type' = 'injected',
'storage.location.template' = 's3://event-order-created-lake/manifests/athena/${headrace_list}/');

-- step 4
ALTER TABLE `headrace`.`order_created` ADD COLUMNS (`named` string);

-- step 5
ALTER TABLE `headrace`.`order_created` ADD COLUMNS (`note` string);

-- step 6
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'headrace' AND table_name = 'load_ledger_order_created';
