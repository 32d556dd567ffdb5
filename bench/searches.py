"""Searches among all events, as Discover asks them: a page of a hundred, and how many there are."""

from typing import Iterator

import duckdb

from .condition import Conditions
from .viewer import Refused, Viewer, path, percentiles, times

PAGE = 100
# One that many events have, and one that none has.
WORDS = ("unauthorized", "zeppelin")


def chosen(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What is looked for: of the values that events have, those in the middle by how often they are there."""

    def middle(value: str, condition: str = "true") -> str:
        found = f"select {value} as value from event where {condition}"
        counted = f"select value, count(*) as events from ({found}) where value is not null group by value"
        count = connection.execute(f"select count(*) from ({counted})").fetchone()[0]
        return connection.execute(f"{counted} order by events, value limit 1 offset {count // 2}").fetchone()[0]

    key, request = middle("access_key"), middle("request_id")
    bucket = middle("raw ->> '$.requestParameters.bucketName'", "event_source = 's3.amazonaws.com'")
    return {
        "access key, by its field": f"access_key:{key}",
        "access key, as text": key,
        "request id, by its field": f"request_id:{request}",
        "request id, as text": request,
        "bucket in requestParameters": f'requestParameters.bucketName:"{bucket}"',
        **{f"the word {word}": word for word in WORDS},
    }


def measure(
    viewer: Viewer, connection: duckdb.DuckDBPyConnection, conditions: Conditions, until: str, runs: int
) -> Iterator[dict]:
    for name, query in chosen(connection).items():
        address = path("/discover.json", **{"from": "1970-01-01T00:00:00Z"}, to=until, q=query, limit=str(PAGE))
        sql = (
            f"with found as materialized (select event_time, event_id from event where {conditions.of(query)}),"
            f" page as (from found order by event_time desc, event_id desc limit {PAGE})"
            " select event.* exclude raw, (select count(*) from found) as total from page join event using (event_id)"
        )
        rows = connection.execute(sql).fetchall()
        found = rows[0][-1] if rows else 0
        scan = percentiles(times(lambda: connection.execute(sql).fetchall(), runs))
        result = {"search": name, "q": query, "duckdb": scan}
        try:
            total = viewer.json(address)["total"]  # Which warms it up.
            result |= {"total": total, "trailmap": percentiles(times(lambda: viewer.read(address), runs))}
            result["difference"] = None if total == found else f"{total} events here, {found} there"
        except Refused as refused:
            result["refused"] = str(refused)
        yield result
