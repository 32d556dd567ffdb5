"""DuckDB beside Trailmap: the same files with a typed schema, and the same fields as a table to ask."""

import json
import os
import sys
import time
from pathlib import Path

import duckdb

from .program import STORAGE

# What DuckDB reads out of each event: CloudTrail's own fields, as Trailmap reads them; what Trailmap derives (actor,
# places, resources, client) is left out, which is in DuckDB's favour.
FIELDS = {
    "event_id": "eventID",
    "event_name": "eventName",
    "event_source": "eventSource",
    "event_type": "eventType",
    "event_category": "eventCategory",
    "read_only": "readOnly",
    "error_code": "errorCode",
    "error_message": "errorMessage",
    "aws_region": "awsRegion",
    "account": "recipientAccountId",
    "identity_type": "userIdentity.type",
    "actor_arn": "userIdentity.arn",
    "identity_account": "userIdentity.accountId",
    "access_key": "userIdentity.accessKeyId",
    "invoked_by": "userIdentity.invokedBy",
    "source_address": "sourceIPAddress",
    "user_agent": "userAgent",
    "request_id": "requestID",
    "tls_version": "tlsDetails.tlsVersion",
    "vpc_endpoint": "vpcEndpointId",
}
# Postgres' types as DuckDB has them, and how they travel as CSV.
TYPES = {
    "text": ("VARCHAR", "{}"),
    "boolean": ("BOOLEAN", "{}"),
    "bigint": ("BIGINT", "{}"),
    "double precision": ("DOUBLE", "{}"),
    "inet": ("VARCHAR", "host({})"),
    "timestamp with time zone": ("TIMESTAMP", "{} at time zone 'UTC'"),
    "text[]": ("VARCHAR[]", "to_json({})"),
}
# An event as CSV is at most so long.
LINE_BYTES = 16 << 20


def load(files: Path, folder: Path) -> None:
    """The fastest that is known: whole objects, records by path, a typed struct of each record, rows in any order, in
    memory, what does not fit in `folder`. Prints how many rows and how many seconds it took."""
    schema: dict = {"eventTime": "VARCHAR"}
    for path in FIELDS.values():
        *outer, name = path.split(".")
        kind = "BOOLEAN" if name == "readOnly" else "VARCHAR"
        (schema.setdefault(outer[0], {}) if outer else schema)[name] = kind
    columns = ", ".join(f"record.{path} as {key}" for key, path in FIELDS.items())
    paths = [str(path) for path in files.rglob("*.json.gz")]
    connection = connect(folder)
    connection.execute("set preserve_insertion_order = false")
    started = time.perf_counter()
    connection.execute(
        f"create table event as select record.eventTime::timestamp as event_time, {columns}, raw from ("
        f" select raw, json_transform(raw, '{json.dumps(schema)}') as record from ("
        "  select unnest(json_extract(json, '$.Records[*]')) as raw"
        "  from read_json_objects(?, format = 'unstructured')))",
        [paths],
    )
    seconds = time.perf_counter() - started
    rows = connection.execute("select count(*) from event").fetchone()[0]
    print(json.dumps({"rows": rows, "seconds": seconds}))


def connect(folder: Path, file: str | None = None) -> duckdb.DuckDBPyConnection:
    """As many threads as there are cores. A database in the folder, or in memory."""
    config = {"threads": os.cpu_count(), "temp_directory": str(folder / "duckdb.temporary")}
    return duckdb.connect(str(folder / file) if file else ":memory:", config=config)


def take_over(postgres, connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """A table `event` of all that Trailmap has extracted, in the order of time, which DuckDB can skip by. Returns the
    type of each column."""
    columns = postgres.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'event_text'::regclass"
        " and attnum > 0 and attname <> all(%s) order by attnum",
        [[*STORAGE, "raw_json"]],
    ).fetchall()
    travelling = ", ".join(f"{TYPES[kind][1].format(name)} as {name}" for name, kind in columns)
    kinds = {name: TYPES[kind][0] for name, kind in columns}
    # A list comes as JSON.
    read = {name: "VARCHAR" if kind == "VARCHAR[]" else kind for name, kind in kinds.items()}
    lists = [f"from_json({name}, '[\"VARCHAR\"]') as {name}" for name, kind in kinds.items() if kind == "VARCHAR[]"]
    file = folder / "event.csv"
    event = (
        f"select * replace ({', '.join(lists)}) from read_csv(?, columns = {read!r}, header = false,"
        " delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false,"
        f" max_line_size = {LINE_BYTES}, buffer_size = {LINE_BYTES * 2}) order by event_time"
    )
    insert = "create table event as"
    # A day at a time: all of them at once take many times the disk that is needed for either database.
    for (day,) in postgres.execute("select distinct date_trunc('day', event_time) from stored_event order by 1").fetchall():
        of_day = f"event_time >= '{day}' and event_time < '{day}'::timestamptz + interval '1 day'"
        with file.open("wb") as out, postgres.cursor() as cursor:
            with cursor.copy(f"copy (select {travelling} from event_text where {of_day}) to stdout (format csv)") as copy:
                for chunk in copy:
                    out.write(chunk)
        connection.execute(f"{insert} {event}", [str(file)])
        insert = "insert into event"
    file.unlink()
    return kinds


if __name__ == "__main__":
    load(Path(sys.argv[1]), Path(sys.argv[2]))
