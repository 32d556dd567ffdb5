"""The one table: each measure of Trailmap's beside what it is compared with, and their ratio."""

from .panels import FILTERED_RANGES, RANGES
from .tiny_files import LARGER, TINY

MEBIBYTE = 1 << 20


def ratios(result: dict) -> list[dict]:
    """`trailmap` and `beside` in `unit`; `ratio` is Trailmap's divided by the other's."""
    return [*_ingest(result), *_panels(result), *_searches(result), *_viewers(result)]


def _line(what: str, unit: str, trailmap: float | None, beside: float | None = None, of: str = "") -> dict:
    ratio = round(trailmap / beside, 3) if trailmap is not None and beside else None
    return {"what": what, "unit": unit, "trailmap": trailmap, "beside": beside, "of": of, "ratio": ratio}


def _ingest(result: dict) -> list[dict]:
    ingest, copied, loaded = result["ingest"], result["bare_copy"], result["duckdb_load"]
    cpu, speed, peak = "cpu_seconds_per_million", "events_per_second", "peak_bytes"
    tiny, larger = result[f"files_of_{TINY}"], result[f"files_of_{LARGER}"]
    mebibytes = lambda of: round(of[peak] / MEBIBYTE)  # noqa: E731
    an_event = lambda size: round(size / ingest["events"], 1)  # noqa: E731
    stored, duckdb = an_event(ingest["database_bytes"]), an_event(result["duckdb_bytes"])
    lines = [
        _line("ingest: CPU, with Postgres", "s / M events", ingest[cpu], copied[cpu], "bare COPY"),
        _line("ingest: CPU, with Postgres", "s / M events", ingest[cpu], loaded[cpu], "DuckDB's load"),
        _line("ingest: speed", "events/s", ingest[speed], copied[speed], "bare COPY"),
        _line("ingest: speed", "events/s", ingest[speed], loaded[speed], "DuckDB's load"),
        _line("ingest: peak memory", "MiB", mebibytes(ingest), mebibytes(loaded), "DuckDB's load"),
        _line(f"files of {TINY} events: CPU", "s / M events", tiny[cpu], larger[cpu], f"files of {LARGER}"),
        _line(f"files of {TINY} events: speed", "events/s", tiny[speed], larger[speed], f"files of {LARGER}"),
        _line("database: on disk", "bytes / event", stored, duckdb, "DuckDB"),
        _line("Postgres' folder: on disk", "bytes / event", an_event(ingest["cluster_bytes"])),
    ]
    if tenth := result.get("ingest_into_a_tenth"):
        full = result["viewers"]["ingest_alone"]
        lines.append(_line("ingest into all events: speed", "events/s", full[speed], tenth[speed], "into a tenth"))
    return lines


def _panels(result: dict) -> list[dict]:
    lines = []
    for filtered, ranges in ((False, RANGES), (True, FILTERED_RANGES)):
        named = "panels, filtered" if filtered else "panels"
        for range_ in ranges:
            chosen = [one for one in result["panels"] if one["range"] == range_ and one["filtered"] == filtered]
            both = [one for one in chosen if is_comparable(one)]
            sums = [round(sum(one[of]["p50_ms"] for one in both), 1) for of in ("trailmap", "duckdb")]
            first = [round(sum(one[of][key] for one in both), 1) for of, key in (("trailmap", "first_ms"), ("duckdb", "p50_ms"))]
            lines.append(_line(f"{named} {range_}: asked for the first time", "ms", *first, "DuckDB, warm"))
            slower = sum(one["trailmap"]["p50_ms"] > one["duckdb"]["p50_ms"] for one in both)
            lines.append(_line(f"{named} {range_}: sum of p50", "ms", *sums, f"DuckDB, {len(both)} of {len(chosen)}"))
            lines.append(_line(f"{named} {range_}: slower than DuckDB", "panels", slower))
    return lines


def is_comparable(one: dict) -> bool:
    """Both have answered, and the same."""
    return "trailmap" in one and "duckdb" in one and not one.get("difference")


def _searches(result: dict) -> list[dict]:
    return [
        _line(f"search: {one['search']}", "ms", one["trailmap"]["p50_ms"], one["duckdb"]["p50_ms"], "DuckDB's scan")
        for one in result["searches"]
        if is_comparable(one)
    ]


def _viewers(result: dict) -> list[dict]:
    viewers = result["viewers"]
    alone, busy = (viewers[of]["events_per_second"] for of in ("ingest_alone", "ingest_watched"))
    many, one = viewers["many"] or {"p50_ms": None, "p95_ms": None}, viewers["one"]
    watched = f"{viewers['count']} viewers, ingest running"
    return [
        _line(f"Overview, {watched}: p95", "ms", many["p95_ms"], one["p95_ms"], "one viewer"),
        _line(f"Overview, {watched}: p50", "ms", many["p50_ms"], one["p50_ms"], "one viewer"),
        _line(f"ingest, {viewers['count']} viewers: speed", "events/s", busy, alone, "alone"),
    ]


def table(result: dict) -> str:
    """The ratios, then each panel's and search's times, then whatever could not be compared."""
    return "\n".join(["", *_ratio_lines(result), "", *_time_lines(result), "", *_troubles(result)]).rstrip()


def _ratio_lines(result: dict) -> list[str]:
    head = f"{'':52}{'':>15}{'Trailmap':>12}{'beside':>12}{'ratio':>8}"
    number = lambda value: "" if value is None else f"{value:,}"  # noqa: E731
    return [
        head,
        *(
            f"{line['what']:52}{line['unit']:>15}{number(line['trailmap']):>12}{number(line['beside']):>12}"
            f"{number(line['ratio']):>8}  {line['of']}"
            for line in result["ratios"]
        ),
    ]


def _time_lines(result: dict) -> list[str]:
    rows: dict[tuple, dict] = {}
    for one in result["panels"]:
        rows.setdefault((one["filtered"], one["panel"]), {})[one["range"]] = one
    cell = lambda of: f"{of['p50_ms']:.0f}/{of['p95_ms']:.0f}" if of else "–"  # noqa: E731
    pair = lambda one: f"{cell(one.get('trailmap'))} | {cell(one.get('duckdb'))}" if one else ""  # noqa: E731
    line = lambda name, texts: f"{name:44}" + "".join(f"{text:>30}" for text in texts)  # noqa: E731
    panels = [
        line(panel + (" (filtered)" if filtered else ""), [pair(cells.get(range_)) for range_ in RANGES])
        for (filtered, panel), cells in rows.items()
    ]
    # Among all events, which are those of the last range.
    blank = [""] * (len(RANGES) - 1)
    searches = [line(f"search: {one['search']}", [*blank, pair(one)]) for one in result["searches"]]
    return [line("p50/p95 in ms, Trailmap | DuckDB", RANGES), *panels, *searches]


def _troubles(result: dict) -> list[str]:
    lines = []
    for one in [*result["panels"], *result["searches"]]:
        name = one.get("search") or f"{one['panel']} {one['range']}{' filtered' if one['filtered'] else ''}"
        for why in ("refused", "unsupported", "difference"):
            if one.get(why):
                lines.append(f"not compared: {name}: {why}: {one[why]}")
    if not lines:
        asked = len(result["panels"]) + len(result["searches"])
        lines.append(f"Trailmap and DuckDB gave the same answers to all {asked} questions.")
    refused = result["viewers"]["refused"]
    if refused:
        lines.append(f"{len(refused)} pages were refused while viewers looked, the first: {refused[0]}")
    return lines
