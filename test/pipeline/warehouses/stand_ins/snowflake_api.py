"""
A stand-in for Snowflake and its SQL API v2: the API's requests and answers over fakesnow, which runs Snowflake's SQL on
DuckDB.

Imitated, because fakesnow does not do it: the lock that UPDATE takes until the COMMIT, with READ COMMITTED after it;
null for a field that a file does not have; TRANSACTION_ABORT_ON_ERROR; PARSE_JSON's refusal of a key that is there twice. Left out: DROP STAGE. Arguments: URL of the lake, folder for the data.
"""

import json
import os
import re
import sys
import threading
import time
import urllib.parse
import uuid
import warnings

import duckdb
import fakesnow.instance
import sqlglot
from executions import Executions, Lake, serve

# fakesnow's own business.
warnings.simplefilter("ignore")
LAKE = Lake(sys.argv[1])
FOLDER = sys.argv[2]
EXECUTIONS = Executions()
RESULTS = {}
SNOWFLAKE = fakesnow.instance.FakeSnow(nop_regexes=[r"^ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR", r"^DROP STAGE"])
LOCKS = {}
LOCKS_GUARD = threading.Lock()
# fakesnow keeps its catalog in DuckDB's tables, where two writers would conflict: statements take turns.
TURN = threading.Lock()
PAGE = 1000


def split(text):
    """Statements as Snowflake would split them: at semicolons that are tokens."""
    starts, parts = 0, []
    for token in sqlglot.tokenize(text, dialect="snowflake"):
        if token.token_type == sqlglot.TokenType.SEMICOLON:
            parts.append(text[starts:token.start])
            starts = token.end + 1
    parts.append(text[starts:])
    return [part.strip() for part in parts if part.strip()]


def run_request(body):
    statements = split(body["statement"])
    wanted = int(body["parameters"]["MULTI_STATEMENT_COUNT"])
    if len(statements) != wanted:
        raise ValueError(f"Actual statement count {len(statements)} did not match the desired statement count {wanted}.")
    with TURN:
        cursor = SNOWFLAKE.connect(database=body["database"], schema=body["schema"]).cursor()
    held, begun, results = [], False, []
    try:
        for sql in statements:
            if sql == "BEGIN TRANSACTION":
                # The snapshot of DuckDB's transaction must not be older than the lock.
                begun = True
                continue
            lock = re.match(r'UPDATE ("HEADRACE"\."LOCK_[^ ]+|"HEADRACE"\."lock_[^ ]+) SET', sql)
            if lock and lock[1] not in held:
                take(body["database"] + lock[1])
                held.append(lock[1])
            if begun and not re.match('UPDATE "HEADRACE"."(LOCK|lock)_', sql):
                cursor.execute("BEGIN")
                begun = False
            results.append(run(cursor, sql, body))
        return results
    except Exception:
        cursor.execute("ROLLBACK")
        raise
    finally:
        for name in held:
            LOCKS[body["database"] + name].release()
        cursor._duck_conn.close()


def take(name):
    with LOCKS_GUARD:
        lock = LOCKS.setdefault(name, threading.Semaphore(1))
    lock.acquire()


def run(cursor, sql, body):
    if sql.startswith("COPY INTO"):
        fetch_files(sql, body["database"])
    if sql.startswith("CREATE STAGE"):
        folder = os.path.join(FOLDER, body["database"])
        os.makedirs(folder, exist_ok=True)
        sql = re.sub(r"URL = 's3://[^']+' STORAGE_INTEGRATION = \S+", f"URL = 'file://{folder}/'", sql)
    # DuckDB's temporary tables have no schema.
    with TURN:
        cursor.execute(sql.replace('"HEADRACE"."HEADRACE_', '"HEADRACE_'))
        description = cursor.description or []
        rows = cursor.fetchall()
    if sql.startswith("DELETE FROM"):
        # Long enough for another session to come to the same point, were there no lock.
        time.sleep(0.2)
    return {"names": [column.name for column in description], "rows": [list(row) for row in rows]}


def fetch_files(sql, database):
    """The files into the stage's folder; fields that the statement asks for and a file lacks are null there."""
    strict = set(re.findall(r'PARSE_JSON\(\$1:"((?:[^"]|"")*)"::VARCHAR\)', sql))
    fields = {name.replace('""', '"') for name in re.findall(r'\$1:"((?:[^"]|"")*)"', sql)}
    for key in re.findall(r"'([^']*)'", sql.split("FILES = (")[1].split(")\n")[0]):
        path = os.path.join(FOLDER, database, key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        url = f"s3://{database}/{key}"
        try:
            content = LAKE.read(url)
        except FileNotFoundError:
            raise ValueError(f"Remote file '{url}' was not found.") from None
        # Another session may be reading the same file.
        own = f"{path}.{uuid.uuid4()}.parquet"
        with open(own, "wb") as file:
            file.write(content)
        with duckdb.connect() as duck:
            have = {row[0] for row in duck.execute(f"DESCRIBE SELECT * FROM '{own}'").fetchall()}
            for name in strict & have:
                for (value,) in duck.execute(f"SELECT \"{name}\" FROM '{own}'").fetchall():
                    json.loads(value or "null", object_pairs_hook=without_duplicates)
            lacking = "".join(', NULL AS "' + name.replace('"', '""') + '"' for name in fields - have)
            if lacking:
                duck.execute(f"COPY (SELECT *{lacking} FROM '{own}') TO '{own}.new' (FORMAT PARQUET)")
                os.replace(own + ".new", own)
        os.replace(own, path)


def without_duplicates(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("Error parsing JSON: duplicate object attribute")
    return dict(pairs)


def text(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def result_set(handle, result, partition=0):
    rows = [[text(value) for value in row] for row in result["rows"]]
    pages = max(1, -(-len(rows) // PAGE))
    return {
        "resultSetMetaData": {
            "numRows": len(rows),
            "format": "jsonv2",
            "rowType": [{"name": name} for name in result["names"]],
            "partitionInfo": [{"rowCount": len(rows[at * PAGE:(at + 1) * PAGE])} for at in range(pages)],
        },
        "data": rows[partition * PAGE:(partition + 1) * PAGE],
        "code": "090001",
        "statementHandle": handle,
        "message": "Statement executed successfully.",
    }


def answer_status(handle, partition):
    if handle in RESULTS:
        return 200, result_set(handle, RESULTS[handle], partition)
    execution = EXECUTIONS.by_id[handle]
    if not execution.ended.is_set():
        return 202, {"code": "333334", "statementHandle": handle,
                     "message": "Asynchronous execution in progress.",
                     "statementStatusUrl": f"/api/v2/statements/{handle}"}
    if execution.error:
        return 422, {"code": "100183", "message": execution.error, "sqlState": "P0000", "statementHandle": handle}
    if len(execution.results) == 1:
        return 200, result_set(handle, execution.results[0], partition)
    handles = [f"{handle}-{at}" for at in range(len(execution.results))]
    RESULTS.update(zip(handles, execution.results))
    several = {"names": ["multiple statement execution"], "rows": [["Multiple statements executed successfully."]]}
    return 200, {**result_set(handle, several), "statementHandles": handles}


def query(body):
    cursor = SNOWFLAKE.connect(database=body["database"], schema="PUBLIC").cursor()
    try:
        cursor.execute(body["sql"])
        types = [column.type_code for column in cursor.description]
        names = [column.name for column in cursor.description]
        return [dict(zip(names, map(json_value, row, types))) for row in cursor.fetchall()]
    finally:
        cursor._duck_conn.close()


VARIANT, OBJECT, ARRAY = 5, 9, 10


def json_value(value, kind):
    if value is not None and kind in (VARIANT, OBJECT, ARRAY):
        return json.loads(value)
    # All its integers are NUMBER, which JSON cannot hold.
    if value is None or isinstance(value, (bool, float, str)):
        return value
    return value.hex() if isinstance(value, (bytes, bytearray)) else str(value)


def answer(request, path, body):
    if path == "/query":
        return 200, query(body)
    url = urllib.parse.urlparse(path)
    options = dict(urllib.parse.parse_qsl(url.query))
    if not request.headers.get("Authorization", "").startswith("Bearer ey") or \
            request.headers.get("X-Snowflake-Authorization-Token-Type") != "KEYPAIR_JWT":
        return 401, {"code": "390144", "message": "JWT token is invalid."}
    if request.command == "POST" and url.path == "/api/v2/statements":
        parameters = (body["statement"], body["database"])
        execution = EXECUTIONS.submit(options["requestId"], parameters, lambda: run_request(body))
        return 202, {"code": "333334", "statementHandle": execution.id,
                     "message": "Asynchronous execution in progress.",
                     "statementStatusUrl": f"/api/v2/statements/{execution.id}"}
    return answer_status(url.path.removeprefix("/api/v2/statements/"), int(options.get("partition", 0)))


serve(answer)
# DuckDB complains about what Python leaves to the end of the process.
os._exit(0)
