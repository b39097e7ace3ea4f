"""Parses every statement of the `.sql` files in a folder in the dialect that each file is named after."""

import logging
import re
import sys
from pathlib import Path

import sqlglot

# sqlglot takes what it does not know as a command, with a warning; a parse that says so is no parse.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

# Statements that sqlglot has no grammar for.
COMMANDS = re.compile(r"^(LOCK TABLE|ALTER SESSION SET|CREATE STAGE|DROP STAGE) ")

failures, parsed, commands = [], 0, 0
for path in sorted(Path(sys.argv[1]).glob("*.sql")):
    dialect = path.name.split("-")[0]
    for text in path.read_text().split(";\n"):
        sql = re.sub(r"^--.*\n", "", text.strip(), flags=re.M).strip().rstrip(";")
        if not sql:
            continue
        try:
            expression = sqlglot.parse_one(sql, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
        except sqlglot.errors.SqlglotError as error:
            failures.append(f"{path.name}: {error}\n{sql}")
            continue
        if isinstance(expression, sqlglot.exp.Command):
            commands += 1
            if not COMMANDS.match(sql):
                failures.append(f"{path.name}: taken as an unknown command\n{sql}")
        parsed += 1

print(f"{parsed} statements parsed by sqlglot {sqlglot.__version__}, {commands} of them as commands")
print("\n".join(failures))
sys.exit(1 if failures or parsed == 0 else 0)
