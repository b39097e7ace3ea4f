"""
A stand-in for Athena: the API's JSON protocol over DuckDB, which runs what sqlglot makes of Athena's SQL.

Imitated: the external table over lists of files (SymlinkTextInputFormat with an injected partition), Trino's functions
that DuckDB lacks, and Iceberg's optimistic commits: of two writers that began from the same snapshot of a table, the
second fails. Arguments: URL of the lake, folder for the data.
"""

import os
import re
import sys
import threading
import time

import duckdb
import sqlglot
from executions import Executions, Lake, serve

LAKE = Lake(sys.argv[1])
FOLDER = sys.argv[2]
EXECUTIONS = Executions()
DATABASES = {}
GUARD = threading.Lock()
PAGE = 999

MACROS = """
CREATE MACRO from_unixtime_nanos(n) AS make_timestamptz((n // 1000)::BIGINT);
CREATE MACRO to_iso8601(t) AS strftime(t, '%Y-%m-%dT%H:%M:%S.%fZ');
CREATE MACRO json_format(j) AS j::VARCHAR;
CREATE MACRO headrace_json(x) AS to_json(x);
"""

HIVE_TYPES = {"string": "VARCHAR", "binary": "BLOB", "int": "INTEGER", "bigint": "BIGINT", "boolean": "BOOLEAN",
              "float": "FLOAT", "double": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP"}


class Database:
    """A database of the catalog: a DuckDB database, versions of its tables, and its tables over lists of files."""

    def __init__(self, name):
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("SET timezone = 'UTC'")
        self.connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
        self.connection.execute(f'USE "{name}"')
        self.connection.execute(MACROS)
        self.versions = {}
        self.lake_tables = {}
        self.commit = threading.Lock()


def database(name):
    with GUARD:
        if name not in DATABASES:
            DATABASES[name] = Database(name)
        return DATABASES[name]


def run_query(name, sql):
    place = database(name)
    if sql.startswith("CREATE EXTERNAL TABLE"):
        return create_lake_table(place, sql)
    if sql.startswith("CREATE TABLE"):
        return create_table(place, sql)
    if sql.startswith("ALTER TABLE"):
        return alter_table(place, sql)
    if sql.startswith("DROP TABLE"):
        return drop_table(place, sql)
    cursor = place.connection.cursor()
    cursor.execute(f'USE "{name}"')
    cursor.execute("SET timezone = 'UTC'")
    cursor.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")
    sql = provide_lists(place, cursor, sql)
    written = re.match(r'(?:MERGE INTO|INSERT INTO|DELETE FROM) ("[^"]+"\."[^"]+")', sql)
    if not written:
        cursor.execute(translate(sql))
        rows = cursor.fetchall()
        return {"names": [column[0] for column in cursor.description], "rows": rows}
    write(place, cursor, written[1], translate(sql))
    return {"names": [], "rows": []}


def write(place, cursor, table, sql):
    """Iceberg commits when nobody else has since the snapshot that was read."""
    with place.commit:
        version = place.versions.get(table, 0)
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT count(*) FROM {table}")
    # Long enough for another writer to begin meanwhile.
    time.sleep(0.2)
    cursor.execute(sql)
    with place.commit:
        if place.versions.get(table, 0) != version:
            cursor.execute("ROLLBACK")
            raise ValueError(f"ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table: {table}")
        place.versions[table] = version + 1
        cursor.execute("COMMIT")


def translate(sql):
    """Trino's SQL as DuckDB's. A cast to JSON makes JSON of the value, as `to_json` does."""

    def each(node):
        if isinstance(node, sqlglot.exp.Cast) and node.to.this == sqlglot.exp.DataType.Type.JSON:
            return sqlglot.exp.Anonymous(this="headrace_json", expressions=[node.this.transform(each)])
        if isinstance(node, sqlglot.exp.JSONFormat):
            return sqlglot.exp.Anonymous(this="json_format", expressions=[node.this.transform(each)])
        if isinstance(node, sqlglot.exp.Anonymous) and node.name.lower() == "transform_values":
            return transform_entries(*node.expressions).transform(each)
        return node

    return sqlglot.parse_one(sql, dialect="athena").transform(each).sql(dialect="duckdb")


def transform_entries(values, function):
    """DuckDB transforms the entries of a map as a list of structs, so the value is a field of what the lambda gets."""
    entry = function.expressions[1].name

    def field(name):
        return sqlglot.exp.Dot(this=sqlglot.exp.to_identifier(entry),
                               expression=sqlglot.exp.to_identifier(name, quoted=True))

    def of_entry(node):
        named = isinstance(node, sqlglot.exp.Identifier) and node.name == entry and not node.quoted
        return field("value") if named else node

    pair = sqlglot.exp.Anonymous(this="row", expressions=[field("key"), function.this.transform(of_entry)])
    step = sqlglot.exp.Lambda(this=pair, expressions=[sqlglot.exp.to_identifier(entry)])
    entries = sqlglot.exp.Anonymous(this="map_entries", expressions=[values])
    transformed = sqlglot.exp.Anonymous(this="list_transform", expressions=[entries, step])
    return sqlglot.exp.Anonymous(this="map_from_entries", expressions=[transformed])


def duckdb_type(hive):
    """The type at the start of `hive`, and what follows it."""
    word = re.match(r"[a-z]+", hive)[0]
    rest = hive[len(word):]
    if word == "array":
        inner, rest = duckdb_type(rest[1:])
        return f"{inner}[]", rest[1:]
    if word == "map":
        key, rest = duckdb_type(rest[1:])
        value, rest = duckdb_type(rest[1:])
        return f"MAP({key}, {value})", rest[1:]
    if word == "struct":
        fields = []
        while rest[0] != ">":
            name = re.match(r"[<,]`([^`]+)`:", rest)
            kind, rest = duckdb_type(rest[name.end():])
            fields.append(f'"{name[1]}" {kind}')
        return f"STRUCT({', '.join(fields)})", rest[1:]
    if word == "decimal":
        size = re.match(r"\(\d+, ?\d+\)", rest)[0]
        return f"DECIMAL{size}", rest[len(size):]
    return HIVE_TYPES[word], rest


def columns_of(text):
    """`name` type, ... as pairs."""
    columns, rest = [], text
    while rest:
        name = re.match(r"(?:, )?`([^`]+)` ", rest)
        kind, rest = duckdb_type(rest[name.end():])
        columns.append((name[1], kind))
    return columns


TABLE = r"`[^`]+`\.`(?P<table>[^`]+)`"


def create_table(place, sql):
    parts = re.match(rf"CREATE TABLE IF NOT EXISTS {TABLE} \((?P<columns>.*)\)\nLOCATION 's3://[^']+/'\n"
                     r"TBLPROPERTIES \('table_type' = 'ICEBERG', .*\)$", sql, re.S)
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns_of(parts["columns"]))
    with place.commit:
        place.connection.execute(f'CREATE TABLE IF NOT EXISTS "{parts["table"]}" ({declared})')
    return {"names": [], "rows": []}


def create_lake_table(place, sql):
    parts = re.match(rf"CREATE EXTERNAL TABLE IF NOT EXISTS {TABLE} \((?P<columns>.*)\)\nPARTITIONED BY", sql, re.S)
    template = re.search(r"'storage.location.template' = '([^']+)'", sql)[1]
    place.lake_tables.setdefault(parts["table"], (columns_of(parts["columns"]), template))
    return {"names": [], "rows": []}


def alter_table(place, sql):
    parts = re.match(rf"ALTER TABLE {TABLE} ADD COLUMNS \((?P<columns>.*)\)$", sql)
    for name, kind in columns_of(parts["columns"]):
        place.connection.execute(f'ALTER TABLE "{parts["table"]}" ADD COLUMN "{name}" {kind}')
    return {"names": [], "rows": []}


def drop_table(place, sql):
    table = re.match(rf"DROP TABLE IF EXISTS {TABLE}$", sql)["table"]
    if place.lake_tables.pop(table, None) is None:
        place.connection.execute(f'DROP TABLE IF EXISTS "{table}"')
    return {"names": [], "rows": []}


def provide_lists(place, cursor, sql):
    """The rows of the files on the lists that the query names, under the external table's name."""
    for table, (columns, template) in place.lake_tables.items():
        lists = re.findall(rf'"{table}" WHERE "headrace_list" = \'([0-9a-f]+)\'', sql)
        if not lists:
            continue
        location = template.replace("${headrace_list}", lists[0])
        files = LAKE.read(location + "files.txt").decode().split()
        selects = [select_file(LAKE.download(file, FOLDER), columns, lists[0]) for file in files]
        # A table of its own, because a cast of a struct would leave the names that differ in case as they are in the file.
        declared = ", ".join(f'"{name}" {kind}' for name, kind in [*columns, ("headrace_list", "VARCHAR")])
        cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{table}" ({declared})')
        for select in selects:
            cursor.execute(f'INSERT INTO "{table}" {select}')
        # A temporary table has no schema.
        return re.sub(rf'"[^"]+"\."{table}"', f'"{table}"', sql)
    return sql


def select_file(path, columns, name):
    """By name, null where the file has no such column; times as the numbers that they are stored as."""
    with duckdb.connect() as duck:
        have = {row[0]: row[1] for row in duck.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()}
    values = []
    for column, kind in columns:
        value = f'"{column}"' if column in have else "NULL"
        if have.get(column, "").startswith("TIMESTAMP") and kind == "BIGINT":
            value = f"epoch_us({value})"
        if have.get(column) == "UBIGINT" and kind == "BIGINT":
            value = (f"(CASE WHEN {value} > 9223372036854775807 THEN {value}::HUGEINT - 18446744073709551616 "
                     f"ELSE {value}::HUGEINT END)")
        if have.get(column) == "UUID" and kind == "BLOB":
            value = f"unhex(replace({value}::VARCHAR, '-', ''))"
        values.append(f'{value}::{kind} AS "{column}"')
    return f"SELECT {', '.join(values)}, '{name}' AS headrace_list FROM '{path}'"


def text(value):
    return {} if value is None else {"VarCharValue": str(value).lower() if isinstance(value, bool) else str(value)}


def state(execution):
    if not execution.ended.is_set():
        return {"State": "RUNNING"}
    if execution.error:
        error = {"ErrorCategory": 2, "ErrorType": 1006, "Retryable": False, "ErrorMessage": execution.error}
        return {"State": "FAILED", "StateChangeReason": execution.error, "AthenaError": error}
    return {"State": "SUCCEEDED"}


def results(execution, start):
    rows = execution.results["rows"]
    names = [{"Data": [{"VarCharValue": name} for name in execution.results["names"]]}] if start == 0 else []
    page = [{"Data": [text(value) for value in row]} for row in rows[start:start + PAGE]]
    more = {"NextToken": str(start + PAGE)} if start + PAGE < len(rows) else {}
    return {"ResultSet": {"Rows": names + page}, **more}


def query(body):
    place = database(body["database"])
    cursor = place.connection.cursor()
    cursor.execute(f'USE "{body["database"]}"')
    cursor.execute(body["sql"])
    kinds = [str(column[1]) for column in cursor.description]
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, map(json_value, row, kinds))) for row in cursor.fetchall()]


def json_value(value, kind):
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return str(value) if kind in ("BIGINT", "HUGEINT") else value
    return value.hex() if isinstance(value, bytes) else str(value)


def answer(request, path, body):
    if path == "/query":
        return 200, query(body)
    action = request.headers.get("X-Amz-Target", "").removeprefix("AmazonAthena.")
    if action == "StartQueryExecution":
        if not 32 <= len(body["ClientRequestToken"]) <= 128 or len(body["QueryString"]) > 262_144:
            raise ValueError("token of 32 to 128 characters, query of 262,144")
        place, sql = body["QueryExecutionContext"]["Database"], body["QueryString"]
        execution = EXECUTIONS.submit(body["ClientRequestToken"], (place, sql), lambda: run_query(place, sql))
        return 200, {"QueryExecutionId": execution.id}
    execution = EXECUTIONS.by_id[body["QueryExecutionId"]]
    if action == "GetQueryExecution":
        return 200, {"QueryExecution": {"QueryExecutionId": execution.id, "Status": state(execution)}}
    if action == "GetQueryResults":
        return 200, results(execution, int(body.get("NextToken") or 0))
    raise ValueError(f"unknown action {action}")


serve(answer)
# DuckDB complains about what Python leaves to the end of the process.
os._exit(0)
