"""Reads the fixtures of write-fixtures.ts with pyarrow and compares values, types and statistics."""

import datetime
import decimal
import json
import pathlib
import struct
import sys
import uuid

import pyarrow
import pyarrow.compute
import pyarrow.parquet

decimal.getcontext().prec = 60
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

ARROW_TYPES = {
    "boolean": "bool",
    "float": "float",
    "double": "double",
    "string": "string",
    "bytes": "binary",
    "enum": "binary",
    "date": "date32[day]",
}


def plain(column, value):
    """The form of write-fixtures.ts."""
    if value is None:
        return None
    kind = column["type"]["kind"]
    if kind in ("float", "double"):
        return "nan" if value != value else struct.pack(">d", value).hex()
    if kind == "bytes":
        return value.hex()
    if kind == "enum":
        return value.decode() if isinstance(value, bytes) else value
    if kind == "timestamp":
        return str((value - EPOCH) // datetime.timedelta(microseconds=1))
    if kind == "date":
        return str((value - EPOCH.date()).days)
    if kind == "decimal":
        return str(int(value.scaleb(column["type"]["scale"])))
    if kind == "uuid":
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(bytes=value))
    if kind == "struct":
        return [plain(field, value[field["name"]]) for field in column["type"]["fields"]]
    if kind == "list":
        return [plain(column["type"]["element"], item) for item in value]
    if kind == "map":
        return [[plain(column["type"]["key"], key), plain(column["type"]["value"], item)] for key, item in value]
    if kind == "boolean":
        return value
    return str(value)


def expected_type(column):
    """The Arrow type that a leaf must have, as text; None where pyarrow has several."""
    type_ = column["type"]
    kind = type_["kind"]
    if kind == "int":
        return f"{'' if type_['signed'] else 'u'}int{type_['bits']}"
    if kind == "timestamp":
        return f"timestamp[{'ms' if type_['unit'] == 'millis' else 'us'}, tz=UTC]"
    if kind == "decimal":
        return f"decimal128({type_['precision']}, {type_['scale']})"
    return ARROW_TYPES.get(kind)


def check_type(column, field, name):
    """The Arrow field is of the column's type and nullability, at every depth."""
    assert field.nullable == column["nullable"], (name, column, field)
    type_ = column["type"]
    if type_["kind"] == "struct":
        for inner, inner_field in zip(type_["fields"], field.type, strict=True):
            assert inner["name"] == inner_field.name, (name, column, field)
            check_type(inner, inner_field, name)
    elif type_["kind"] == "list":
        check_type(type_["element"], field.type.value_field, name)
    elif type_["kind"] == "map":
        check_type(type_["key"], field.type.key_field, name)
        check_type(type_["value"], field.type.item_field, name)
    else:
        expected = expected_type(column)
        assert expected is None or str(field.type) == expected, (name, column, field)


def comparable(column):
    """Whether Arrow compares this column's values as Parquet does."""
    return expected_type(column) is not None and column["type"]["kind"] not in ("enum", "bytes")


def check_statistics(file, columns, name):
    """Every bound of every row group holds for the group's values."""
    checked = 0
    for group in range(file.metadata.num_row_groups):
        metadata = file.metadata.row_group(group)
        part = file.read_row_group(group)
        for index, column in enumerate(columns):
            if not comparable(column):
                continue
            statistics = metadata.column(index).statistics
            values = part.column(index)
            assert statistics.null_count == values.null_count, (name, column, "null count")
            if not statistics.has_min_max:
                continue
            bounds = pyarrow.compute.min_max(values).as_py()
            if column["type"]["kind"] == "string":
                assert statistics.min.encode() <= bounds["min"].encode(), (name, column, "min")
                assert statistics.max.encode() >= bounds["max"].encode(), (name, column, "max")
            else:
                assert statistics.min <= bounds["min"] and statistics.max >= bounds["max"], (name, column)
            checked += 1
    return checked


def check_filters(path, table, columns, name):
    """A filter on a column's least and greatest value finds the rows that a scan of all finds."""
    checked = 0
    for column, values in zip(columns, table.columns, strict=True):
        if not comparable(column) or column["type"]["kind"] == "boolean":
            continue
        bounds = pyarrow.compute.min_max(values)
        for bound in (bounds["min"], bounds["max"]):
            if not bound.is_valid or bound.as_py() != bound.as_py():
                continue
            expected = pyarrow.compute.sum(pyarrow.compute.equal(values, bound)).as_py()
            filter_ = pyarrow.compute.field(column["name"]) == bound
            found = pyarrow.parquet.read_table(path, columns=[column["name"]], filters=filter_)
            assert found.num_rows == expected, (name, column, bound, found.num_rows, expected)
            checked += 1
    return checked


def check(folder, name):
    fixture = json.loads((folder / f"{name}.json").read_text())
    columns = fixture["columns"]
    file = pyarrow.parquet.ParquetFile(folder / f"{name}.parquet", page_checksum_verification=True)
    table = file.read()
    assert table.schema.metadata[b"fixture"].decode() == name
    for column, field in zip(columns, table.schema, strict=True):
        assert field.name == column["name"], (name, column, field)
        check_type(column, field, name)
    rows = [[plain(column, row[column["name"]]) for column in columns] for row in table.to_pylist()]
    for index, (actual, expected) in enumerate(zip(rows, fixture["rows"], strict=True)):
        assert actual == expected, (name, index, actual, expected)
    flat = all(column["type"]["kind"] not in ("struct", "list", "map") for column in columns)
    if not flat:
        return 0, 0
    return check_statistics(file, columns, name), check_filters(folder / f"{name}.parquet", table, columns, name)


def main():
    folder = pathlib.Path(sys.argv[1])
    names = sorted(path.stem for path in folder.glob("*.parquet"))
    assert names, "no fixtures"
    checks = [check(folder, name) for name in names]
    bounds, filters = (sum(counts) for counts in zip(*checks))
    assert bounds > 0 and filters > 0
    print(
        f"pyarrow {pyarrow.__version__}: {len(names)} files read back equal, {bounds} bounds hold, "
        f"{filters} filters lose no row"
    )


main()
