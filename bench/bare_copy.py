"""The least that Postgres can do: ready rows with their raw events, by binary COPY over one connection, into one logged
table without indexes."""

import time
from pathlib import Path

from .process import Cost
from .program import STORAGE, Trailmap

DATABASE = "bare_copy"
CHUNK = 1 << 20
# What a row costs here does not depend on how many there are, and the disk has to hold all of them three times.
MOST_ROWS = 1_000_000


def measure(trailmap: Trailmap, folder: Path) -> tuple[int, Cost]:
    """How many rows there are, and what it costs to store those that Trailmap has extracted."""
    rows_file = folder / "event.copy"
    with trailmap.connect() as connection:
        columns = connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = 'event_text'::regclass and attnum > 0 and attname <> all(%s) order by attnum",
            [STORAGE],
        ).fetchall()
        names = ", ".join(name for name, _ in columns)
        with rows_file.open("wb") as file, connection.cursor() as cursor:
            with cursor.copy(f"copy (select {names} from event_text limit {MOST_ROWS}) to stdout (format binary)") as copy:
                for chunk in copy:
                    file.write(chunk)
        connection.execute(f"drop database if exists {DATABASE}")
        connection.execute(f"create database {DATABASE}")
    try:
        return _store(trailmap, rows_file, columns)
    finally:
        rows_file.unlink()
        with trailmap.connect() as connection:
            connection.execute(f"drop database {DATABASE} with (force)")


def _store(trailmap: Trailmap, rows_file: Path, columns: list[tuple[str, str]]) -> tuple[int, Cost]:
    with trailmap.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute(f"create table event ({', '.join(f'{name} {kind}' for name, kind in columns)})")
        # The fastest that Postgres has for long texts.
        cursor.execute("alter table event alter column raw set compression lz4")
        cursor.execute("checkpoint")
        server, client, started = trailmap.cluster.cpu_seconds(), time.process_time(), time.perf_counter()
        with rows_file.open("rb") as file, cursor.copy("copy event from stdin (format binary)") as copy:
            while chunk := file.read(CHUNK):
                copy.write(chunk)
        seconds = time.perf_counter() - started
        cost = Cost(seconds, time.process_time() - client, trailmap.cluster.cpu_seconds() - server, 0)
        return cursor.execute("select count(*) from event").fetchone()[0], cost
