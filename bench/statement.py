"""A panel as one would ask DuckDB for it: plain aggregates over a typed table, not Trailmap's own statements."""

from dataclasses import dataclass, replace

from .condition import Conditions, Unsupported, column

DISTINCT = {
    "actors": "actor",
    "source_ips": "source_ip",
    "countries": "country",
    "accounts": "account",
    "aws_regions": "aws_region",
}
# Of all measures, those that add up over a group's buckets.
OVER_TIME = {
    "events": "sum(events)::bigint",
    "failures": "sum(failures)::bigint",
    "successes": "sum(events - failures)::bigint",
    "error_rate": "sum(failures) / nullif(sum(events), 0)",
}
PLAIN = {
    "events": "count(*)",
    "failures": "count(*) filter (where outcome = 'failure')",
    "successes": "count(*) filter (where outcome <> 'failure')",
    "error_rate": "count(*) filter (where outcome = 'failure') / nullif(count(*), 0)",
    "first_seen": "min(event_time)",
    "last_seen": "max(event_time)",
}
# Rows of the window before, of any group that there was; hours of a day, days of a week.
ANY, HOURS = 1_000, 24


@dataclass(frozen=True)
class Window:
    """Both edges as RFC 3339 in UTC."""

    start: str
    end: str


@dataclass(frozen=True)
class Ask:
    """One table of a panel."""

    by: tuple[str, ...]
    measures: tuple[str, ...]
    condition: str
    window: Window
    limit: int
    bucket_ms: int | None = None
    order: tuple[str, bool] | None = None
    within: int | None = None
    across: int | None = None
    classes: tuple[tuple[str, str], ...] = ()
    before: Window | None = None


@dataclass(frozen=True)
class Statement:
    """`table`: empty for the panel's own, a detail's id, and ` before` for the window before."""

    table: str
    sql: str
    columns: tuple[str, ...]
    # Rows to show; one more is asked for, as Trailmap does to know whether there are more.
    limit: int | None = None
    # `rows`: the columns, then the total. `stacked`: the columns, whether it is `other`, the total. `list`: the columns
    # alone. `total`: a number.
    kind: str = "rows"


def statements(
    panel: dict, answer: dict, bucket_ms: int | None, reader: str, conditions: Conditions
) -> list[Statement]:
    """Those of a panel's file, in the windows of Trailmap's answer. Errors: `Unsupported`."""
    own = [panel.get("filter", ""), reader, *(s["filter"] for s in panel.get("switches", []) if s.get("on"))]
    condition = _all_of(conditions, own)
    window = _window(answer["window"])
    before = _window(answer["previous"]) if "previous" in answer else None
    classes = tuple((one["id"], conditions.of(one["filter"])) for one in panel.get("classes", []))
    main = _ask(panel, condition, window, before, bucket_ms, classes)
    if panel["mark"] == "list":
        return [_list(main), Statement("", f"select count(*) from {_source(main)}", ("total",), kind="total")]
    if panel["mark"] == "heat_map":
        main = _crossed(main)
    found = _beside("", main, panel["mark"] == "figures")
    for detail in panel.get("details", []):
        within = _all_of(conditions, [*own, detail.get("filter", "")])
        ask = _ask(detail, within, window, before, bucket_ms, classes)
        found += _beside(detail["id"], ask, detail.get("mark") == "figures")
    return found


def _all_of(conditions: Conditions, filters: list[str]) -> str:
    return " and ".join(conditions.of(text) for text in filters if text) or "true"


def _window(window: dict) -> Window:
    return Window(window["from"], window["to"])


def _ask(of: dict, condition: str, window: Window, before: Window | None, bucket_ms: int | None, classes: tuple) -> Ask:
    if of.get("bucket", "auto") != "auto":
        raise Unsupported(f"a bucket of {of['bucket']}")
    order = of.get("order")
    return Ask(
        by=tuple(of.get("by", ())),
        measures=tuple(of.get("measures", ())),
        condition=condition,
        window=window,
        limit=of.get("limit", 10),
        bucket_ms=bucket_ms if "bucket" in of else None,
        order=(order["by"], order.get("ascending", False)) if order else None,
        within=of.get("inner_limit"),
        classes=classes,
        before=before,
    )


def _crossed(ask: Ask) -> Ask:
    """Both axes of a heat map have a limit; days and hours are all there."""
    least = lambda at, limit: max(limit, HOURS) if ask.by[at] in ("weekday", "hour") else limit  # noqa: E731
    return replace(ask, limit=least(0, ask.limit), within=None, across=least(1, ask.within or ask.limit))


def _beside(table: str, ask: Ask, figures: bool) -> list[Statement]:
    found = [_grouped(table, ask)]
    if figures:
        before = replace(ask, window=ask.before, limit=max(ask.limit, ANY))
        found.append(_grouped(f"{table} before".strip(), before))
    return found


def _source(ask: Ask) -> str:
    return (
        f"event where event_time >= timestamp '{ask.window.start}' and event_time < timestamp '{ask.window.end}'"
        f" and ({ask.condition})"
    )


def _value(group: str, ask: Ask) -> str:
    if group == "class":
        cases = " ".join(f"when {condition} then {at}" for at, (_, condition) in enumerate(ask.classes))
        return f"case {cases} end"
    return column(group)


def _bucket(ask: Ask) -> str:
    return f"time_bucket(interval '{ask.bucket_ms} milliseconds', event_time, timestamp 'epoch')"


def _measure(measure: str, total: str) -> str:
    if measure in PLAIN:
        return f"{PLAIN[measure]} as {measure}"
    if measure == "share":
        return f"count(*) / nullif({total}, 0) as share"
    if measure == "error_message":
        return "mode(error_message) as error_message"
    if measure.startswith("most_frequent_"):
        return f"mode({column(measure.removeprefix('most_frequent_'))}) as {measure}"
    field = DISTINCT.get(measure) or measure.removeprefix("distinct_")
    if field == measure or field == "resource":
        raise Unsupported(measure)
    return f"count(distinct {column(field)}) as {measure}"


def _list(ask: Ask) -> Statement:
    columns = ", ".join(f"{column(field)} as {field}" for field in ask.by)
    sql = f"select {columns} from {_source(ask)} order by event_time desc, event_id desc limit {ask.limit + 1}"
    return Statement("", sql, ask.by, ask.limit, kind="list")


def _grouped(table: str, ask: Ask) -> Statement:
    if ask.bucket_ms is not None and ask.by:
        return _stacked(table, ask)
    source, total = _source(ask), "sum(count(*)) over ()"
    if "resource" in ask.by:
        # An event counts under each of its resources, and once in the whole.
        total = f"(select count(*) from {source})"
        source = f"(select * replace (unnest(coalesce(resource, [null])) as resource) from {source})"
    values = [f"{_bucket(ask)} as event_time"] if ask.bucket_ms is not None else []
    values += [f"{_value(group, ask)} as {group}" for group in ask.by]
    measures = [_measure(measure, total) for measure in ask.measures]
    places = [str(at + 1) for at in range(len(values))]
    grouped = f" group by {', '.join(places)}" if places else ""
    columns = (*(["event_time"] if ask.bucket_ms is not None else []), *ask.by, *ask.measures)
    if ask.within is not None or ask.across is not None:
        measures.append("count(*) as pair_events")
        return _nested(table, ask, f"select {', '.join([*values, *measures])}, {total} as total from {source}{grouped}")
    sql = f"select {', '.join([*values, *measures])}, {total} as total from {source}{grouped}"
    if ask.bucket_ms is not None:
        return Statement(table, f"{sql} order by 1", columns)
    if not places:
        return Statement(table, sql, columns)
    order = ", ".join([_order(ask), *(f"{place} asc nulls last" for place in places)])
    return Statement(table, f"{sql} order by {order} limit {ask.limit + 1}", columns, ask.limit)


def _order(ask: Ask) -> str:
    by, ascending = ask.order or (ask.measures[0], False)
    return f"{by} {'asc' if ascending else 'desc'} nulls last"


def _nested(table: str, ask: Ask, pairs: str) -> Statement:
    """Two groups with a limit each: the top of the first, and of the second within each of them or over all."""
    first, second = ask.by
    if ask.across is not None:
        inner, inner_limit = f"dense_rank() over (order by other_events desc, {second} nulls last)", ask.across
        columns = (*ask.by, *ask.measures)
    else:
        inner = f"row_number() over (partition by {first} order by {_order(ask)}, {second} nulls last)"
        inner_limit, columns = ask.within, (*ask.by, *ask.measures, "group_events")
    sql = (
        f"with summed as ({pairs}),"
        f" totalled as (select *, (sum(pair_events) over (partition by {first}))::bigint as group_events,"
        f" sum(pair_events) over (partition by {second}) as other_events from summed),"
        f" placed as (select *, dense_rank() over (order by group_events desc, {first} nulls last) as outer_place,"
        f" {inner} as inner_place from totalled)"
        f" select {', '.join(columns)}, total from placed where outer_place <= {ask.limit}"
        f" and inner_place <= {inner_limit} order by outer_place, inner_place"
    )
    return Statement(table, sql, columns)


def _stacked(table: str, ask: Ask) -> Statement:
    """Over time: the top groups alone, all others as one. A group without a value stands alone and is not counted."""
    for measure in ask.measures:
        if measure not in OVER_TIME:
            raise Unsupported(f"{measure} over time by group")
    values = ", ".join(f"{_value(group, ask)} as group_{at}" for at, group in enumerate(ask.by))
    keys = [f"group_{at}" for at in range(len(ask.by))]
    listed = ", ".join(keys)
    valueless = " and ".join(f"counted.{key} is null" for key in keys)
    same = " and ".join(f"counted.{key} is not distinct from top.{key}" for key in keys)
    shown = ", ".join(f"case when not other then {key} end as {group}" for key, group in zip(keys, ask.by))
    measures = ", ".join(f"{OVER_TIME[measure]} as {measure}" for measure in ask.measures)
    sql = (
        f"with counted as materialized (select {_bucket(ask)} as bucket, {values}, count(*) as events,"
        f" {PLAIN['failures']} as failures from {_source(ask)} group by all),"
        f" top as (select {listed}, true as is_top from counted where not ({valueless})"
        f" group by {listed} order by sum(events) desc, {listed} limit {ask.limit}),"
        f" told as (select counted.*, is_top is null and not ({valueless}) as other"
        f" from counted left join top on {same})"
        f" select bucket as event_time, {shown}, {measures}, other, sum(sum(events)) over () as total"
        f" from told group by 1, {', '.join(str(at + 2) for at in range(len(keys)))}, other"
        f" order by 1, other, {', '.join(f'{at + 2} nulls last' for at in range(len(keys)))}"
    )
    return Statement(table, sql, ("event_time", *ask.by, *ask.measures), kind="stacked")
