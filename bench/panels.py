"""Every built-in panel over several ranges, with and without a filter: Trailmap's answer by HTTP beside DuckDB's."""

import re
from datetime import datetime, timedelta
from itertools import count
from time import perf_counter
from typing import Iterator

import duckdb

from .compare import difference
from .condition import Conditions, Unsupported
from .statement import statements
from .viewer import Refused, Viewer, path, percentiles, times

RANGES = ("24h", "7d", "30d")
# Of the same panels within a filter.
FILTERED_RANGES = ("7d", "30d")


def built_in(viewer: Viewer) -> Iterator[tuple[str, dict]]:
    """Each dashboard's id and its panels, as the program offers them; a panel of several dashboards once."""
    page = viewer.read("/dashboards", compressed=False).decode()
    seen: list[dict] = []
    for dashboard in dict.fromkeys(re.findall(r'href="/d/([a-z0-9-]+)"', page)):
        for tile in viewer.json(f"/d/{dashboard}.json")["tiles"]:
            if tile["panel"]["mark"] != "text" and tile["panel"] not in seen:
                seen.append(tile["panel"])
                yield dashboard, tile["panel"]


def filter_of(connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """An account and an actor, those with the most events; and how many events they have."""
    account, actor, events = connection.execute(
        "select account, actor, count(*) from event where account is not null and actor is not null"
        " group by all order by 3 desc, 1, 2 limit 1"
    ).fetchone()
    return f'account:"{account}" and actor:"{actor}"', events


def measure(
    viewer: Viewer, connection: duckdb.DuckDBPyConnection, conditions: Conditions, filtered: str, runs: int
) -> Iterator[dict]:
    """A result for each panel, range and filter: times of both, and what differs between their answers."""
    for dashboard, panel in built_in(viewer):
        asked = [("", range_) for range_ in RANGES] + [(filtered, range_) for range_ in FILTERED_RANGES]
        for reader, range_ in asked:
            result = {"panel": f"{dashboard}/{panel['id']}", "range": range_, "filtered": bool(reader)}
            yield result | _panel(viewer, connection, conditions, dashboard, panel, range_, reader, runs)


def moved(window: dict) -> Iterator[dict]:
    """The window, a second earlier each time: the same work, and no answer that was kept."""
    begin, end = (datetime.fromisoformat(window[edge]) for edge in ("from", "to"))
    for seconds in count(1):
        earlier = timedelta(seconds=seconds)
        yield {"from": (begin - earlier).isoformat(), "to": (end - earlier).isoformat()}


def _panel(viewer, connection, conditions, dashboard, panel, range_, reader, runs) -> dict:
    address = path(f"/d/{dashboard}/{panel['id']}.json", range=range_, q=reader)
    try:
        before = perf_counter()
        answer = viewer.json(address)
        first_ms = round((perf_counter() - before) * 1000, 2)
        bucket_ms = None
        if any("bucket" in table for table in (panel, *panel.get("details", []))):
            inspection = path(f"/d/{dashboard}/{panel['id']}/inspect.json", range=range_, q=reader)
            bucket_ms = viewer.json(inspection)["bucket_ms"]
        windows = moved(answer["window"])
        read = lambda: viewer.read(path(f"/d/{dashboard}/{panel['id']}.json", q=reader, **next(windows)))  # noqa: E731
        trailmap = percentiles(times(read, runs))
    except Refused as refused:
        return {"refused": str(refused)}
    result = {"total": answer["total"], "trailmap": trailmap | {"first_ms": first_ms}}
    try:
        asked = statements(panel, answer, bucket_ms, reader, conditions)
    except Unsupported as unsupported:
        return result | {"unsupported": str(unsupported)}
    ask = lambda: [connection.execute(one.sql).fetchall() for one in asked]  # noqa: E731
    classes = [one["id"] for one in panel.get("classes", [])]
    result["difference"] = difference(answer, asked, ask(), classes)
    return result | {"duckdb": percentiles(times(ask, runs))}
