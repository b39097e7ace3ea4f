"""
A stand-in for Redshift Serverless and its Data API: the API's JSON protocol over PostgreSQL, which Redshift descends
from, with COPY of Parquet done by DuckDB as Redshift documents it.

Real here: LOCK, snapshots (REPEATABLE READ is what Redshift calls SNAPSHOT), temporary tables, transactions, casts.
Imitated: COPY, SUPER (jsonb), VARBYTE (bytea), JSON_PARSE, FROM_VARBYTE. Arguments: URL of the lake, folder for the data.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import duckdb
import psycopg
from executions import Executions, Lake, serve, temporary_folder

LAKE = Lake(sys.argv[1])
EXECUTIONS = Executions()
NAMES = {}
DATABASES = set()
DATABASES_LOCK = threading.Lock()
BIGINT = 20

TEMPLATE = """
CREATE DOMAIN super AS jsonb;
CREATE FUNCTION json_parse(text) RETURNS super LANGUAGE sql AS 'SELECT $1::jsonb::super';
CREATE FUNCTION from_varbyte(bytea, text) RETURNS text LANGUAGE sql AS 'SELECT encode($1, $2)';
"""

# Which column types COPY fills from which physical type; it casts nothing.
FILLS = {
    "BOOLEAN": {"boolean"},
    "INT32": {"integer", "smallint", "date", "numeric"},
    "INT64": {"bigint", "timestamp without time zone", "numeric"},
    "FLOAT": {"real"},
    "DOUBLE": {"double precision"},
    "BYTE_ARRAY": {"character varying", "bytea", "numeric"},
    "FIXED_LEN_BYTE_ARRAY": {"bytea", "numeric"},
}


class Postgres:
    def __init__(self, folder):
        self.folder = folder
        bin_folder = os.path.dirname(os.path.realpath(shutil.which("postgres") or newest_postgres()))
        self.as_user = []
        if os.getuid() == 0:
            # PostgreSQL refuses to run as root; its Debian package comes with a user.
            shutil.chown(folder, "postgres")
            self.as_user = ["runuser", "-u", "postgres", "--"]
        data = os.path.join(folder, "data")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        subprocess.run([*self.as_user, f"{bin_folder}/initdb", "-D", data, "-U", "headrace", "-A", "trust",
                        "-E", "UTF8", "--no-sync"], check=True, **quiet)
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", f"unix_socket_directories={folder}",
                   "-c", "default_transaction_isolation=repeatable read", "-c", "timezone=UTC"]
        self.process = subprocess.Popen([*self.as_user, f"{bin_folder}/postgres", "-D", data, *options], **quiet)
        for _ in range(600):
            try:
                self.connect("postgres", autocommit=True).close()
                break
            except psycopg.OperationalError:
                threading.Event().wait(0.05)

    def connect(self, database, autocommit=False):
        return psycopg.connect(host=self.folder, user="headrace", dbname=database, autocommit=autocommit)

    def stop(self):
        pid = int(open(os.path.join(self.folder, "data", "postmaster.pid")).readline())
        os.kill(pid, 3)
        self.process.wait(20)


def newest_postgres():
    folders = "/usr/lib/postgresql"
    return os.path.join(folders, sorted(os.listdir(folders), key=float)[-1], "bin", "postgres")


def database(name):
    with DATABASES_LOCK:
        if name not in DATABASES:
            with POSTGRES.connect("postgres", autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}"')
            with POSTGRES.connect(name, autocommit=True) as connection:
                connection.execute(TEMPLATE)
            DATABASES.add(name)
    return name


def run_batch(name, statements):
    """One transaction; the results of each statement, or None where it has none."""
    results = []
    with POSTGRES.connect(database(name)) as connection:
        for sql in statements:
            if sql.startswith("COPY "):
                copy(connection, sql)
                results.append(None)
                continue
            cursor = connection.execute(translate(sql))
            results.append(rows_of(cursor) if cursor.description else None)
    return results


def translate(sql):
    return re.sub(r"VARBYTE\(\d+\)", "BYTEA", sql)


def rows_of(cursor):
    big = [column.type_code == BIGINT for column in cursor.description]
    names = [column.name for column in cursor.description]
    rows = [[str(value) if at and value is not None else value for at, value in zip(big, row)]
            for row in cursor.fetchall()]
    return {"names": names, "rows": rows}


def json_value(value):
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    plain = value is None or isinstance(value, (bool, int, float, str, list, dict))
    return value if plain else str(value)


COPY = re.compile(
    r"COPY (?P<table>\S+)\nFROM '(?P<manifest>[^']+)' IAM_ROLE (default|'[^']+') "
    r"FORMAT AS PARQUET(?P<nested> SERIALIZETOJSON)? MANIFEST FILLRECORD STATUPDATE OFF$",
    re.S,
)


def copy(connection, sql):
    # Long enough for another transaction to begin meanwhile, as it would where COPY takes seconds.
    time.sleep(0.2)
    parts = COPY.match(sql)
    if not parts:
        raise ValueError(f"syntax error in {sql}")
    types = dict(connection.execute(
        "SELECT quote_ident(attname), regexp_replace(format_type(atttypid, atttypmod), '\\(.*\\)', '') "
        "FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum", [parts["table"]]).fetchall())
    types = {f'"{name.strip(chr(34))}"': kind for name, kind in types.items()}
    with temporary_folder() as folder:
        for entry in json.loads(LAKE.read(parts["manifest"]))["entries"]:
            copy_file(connection, parts["table"], types, entry, folder, bool(parts["nested"]))


def copy_file(connection, table, types, entry, folder, nested_allowed):
    columns = list(types)
    path = LAKE.download(entry["url"], folder)
    if os.path.getsize(path) != entry["meta"]["content_length"]:
        raise ValueError(f"Problem reading manifest file: content_length of {entry['url']} is wrong")
    with duckdb.connect() as duck:
        duck.execute("SET timezone = 'UTC'")
        schema = duck.execute("SELECT name, type, converted_type, num_children FROM parquet_schema(?)", [path]).fetchall()
        tops = top_levels(schema)
        if len(tops) > len(columns):
            raise ValueError(f"file has {len(tops)} columns, the table {len(columns)}")
        values = [value_of(top, columns[at], types, nested_allowed) for at, top in enumerate(tops)]
        rows = duck.execute(f"SELECT {', '.join(values)} FROM read_parquet(?, hive_partitioning = false)", [path])
        with connection.cursor() as cursor:
            into = f"COPY {table} ({', '.join(columns[:len(tops)])}) FROM STDIN"
            with cursor.copy(into) as writer:
                for row in rows.fetchall():
                    writer.write_row(row)


def top_levels(schema):
    """Children of the root, each with its own entry of the depth-first list."""
    tops, at = [], 1
    while at < len(schema):
        tops.append(schema[at])
        pending = schema[at][3] or 0
        at += 1
        while pending:
            pending += (schema[at][3] or 0) - 1
            at += 1
    return tops


def value_of(top, column, types, nested_allowed):
    name, physical, annotation, children = top
    quoted = '"' + name.replace('"', '""') + '"'
    kind = types[column]
    if children:
        if kind != "super" or not nested_allowed:
            raise ValueError(f"column {column} of type {kind} cannot hold a nested value without SERIALIZETOJSON")
        return f"to_json({quoted})::VARCHAR"
    if kind not in FILLS[physical]:
        raise ValueError(f"incompatible Parquet schema for column {column}: {kind}, Parquet: {physical}")
    # Spectrum's reader knows no unsigned types: the bits are read as signed.
    if annotation == "UINT_32":
        return f"CASE WHEN {quoted} > 2147483647 THEN {quoted}::BIGINT - 4294967296 ELSE {quoted} END"
    if annotation == "UINT_64":
        big = f"{quoted}::HUGEINT"
        return f"CASE WHEN {big} > 9223372036854775807 THEN {big} - 18446744073709551616 ELSE {big} END"
    if kind == "timestamp without time zone":
        return f"({quoted}::TIMESTAMPTZ AT TIME ZONE 'UTC')"
    if physical == "FIXED_LEN_BYTE_ARRAY" and kind == "bytea":
        return f"unhex(replace({quoted}::VARCHAR, '-', ''))"
    return quoted


def field(value):
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    return {"stringValue": str(value)}


def status(execution):
    if not execution.ended.is_set():
        return "STARTED"
    return "FAILED" if execution.error else "FINISHED"


def describe(id):
    execution = EXECUTIONS.by_id[id]
    subs = [{"Id": f"{id}:{at + 1}", "HasResultSet": result is not None, "Status": "FINISHED"}
            for at, result in enumerate(execution.results or [])]
    answer = {"Id": id, "Status": status(execution), "SubStatements": subs}
    return {**answer, "Error": f"ERROR: {execution.error}"} if execution.error else answer


def answer(request, path, body):
    if path == "/query":
        result = run_batch(body["database"], [body["sql"]])[0]
        return 200, [dict(zip(result["names"], map(json_value, row))) for row in result["rows"]]
    action = request.headers.get("X-Amz-Target", "").removeprefix("RedshiftData.")
    if action == "BatchExecuteStatement":
        if len(body["Sqls"]) > 40 or any(len(sql) > 100_000 for sql in body["Sqls"]):
            raise ValueError("at most 40 statements of 100 KB")
        if len(body["StatementName"]) > 500 or len(body["ClientToken"]) > 64:
            raise ValueError("name or token too long")
        parameters = (body["Database"], *body["Sqls"])
        execution = EXECUTIONS.submit(
            body["ClientToken"], parameters, lambda: run_batch(body["Database"], body["Sqls"]))
        NAMES[execution.id] = (body["Database"], body["StatementName"])
        return 200, {"Id": execution.id, "Database": body["Database"]}
    if action == "DescribeStatement":
        return 200, describe(body["Id"])
    if action == "GetStatementResult":
        id, _, at = body["Id"].partition(":")
        rows = EXECUTIONS.by_id[id].results[int(at) - 1]["rows"]
        start = int(body.get("NextToken") or 0)
        page = [[field(value) for value in row] for row in rows[start:start + 1000]]
        more = {"NextToken": str(start + 1000)} if start + 1000 < len(rows) else {}
        return 200, {"Records": page, "TotalNumRows": len(rows), **more}
    if action == "ListStatements":
        found = [{"Id": id, "StatementName": name, "Status": status(EXECUTIONS.by_id[id])}
                 for id, (of, name) in reversed(NAMES.items())
                 if of == body["Database"] and name.startswith(body["StatementName"])]
        return 200, {"Statements": found[:body["MaxResults"]]}
    raise ValueError(f"unknown action {action}")


POSTGRES = Postgres(sys.argv[2])
try:
    serve(answer)
finally:
    POSTGRES.stop()
