"""Whether DuckDB's answer to a panel is Trailmap's, cell by cell."""

import math
from datetime import datetime

from .statement import Statement

# The value that most events of a group have is any of several that equally many have: each database takes another.
UNDECIDED = ("error_message", "most_frequent_")


def difference(answer: dict, statements: list[Statement], found: list[list[tuple]], classes: list[str]) -> str | None:
    """The first thing that is not the same; `None` where nothing is. `found`: the rows of each statement."""
    before = {one.table: (one, rows) for one, rows in zip(statements, found) if one.table.endswith("before")}
    for statement, rows in zip(statements, found):
        if statement.table.endswith("before"):
            continue
        if statement.kind == "total":
            if rows[0][0] != answer["total"]:
                return f"total: {answer['total']} here, {rows[0][0]} there"
            continue
        table = answer["details"][statement.table] if statement.table else answer
        theirs = [_row(statement, row, classes) for row in rows[: statement.limit]]
        beside = before.get(f"{statement.table} before".strip())
        if beside:
            theirs = [_beside(row, beside, classes) for row in theirs]
        wrong = _rows(table["rows"], theirs) or (None if statement.table else _total(answer, statement, rows))
        if wrong:
            return f"{statement.table or 'table'}: {wrong}"
    return None


def _total(answer: dict, statement: Statement, rows: list[tuple]) -> str | None:
    if statement.kind == "list":
        return None
    total = int(rows[0][-1] or 0) if rows else 0
    return None if total == answer["total"] else f"total: {answer['total']} here, {total} there"


def _row(statement: Statement, row: tuple, classes: list[str]) -> dict:
    cells = dict(zip(statement.columns, map(_cell, row)))
    if isinstance(cells.get("class"), int):
        cells["class"] = classes[cells["class"]]
    if statement.kind == "stacked" and row[len(statement.columns)]:
        measured = ("event_time", "events", "failures", "successes", "error_rate")
        cells = {key: value if key in measured else "other" for key, value in cells.items()}
    return cells


def _beside(row: dict, before: tuple[Statement, list[tuple]], classes: list[str]) -> dict:
    """Each number with that of the window before, which is of the same group."""
    statement, rows = before
    numbers = {key for key in row if isinstance(row[key], (int, float)) and not isinstance(row[key], bool)}
    groups = [key for key in row if key not in numbers and row[key] is not None]
    others = [_row(statement, other, classes) for other in rows]
    match = next((other for other in others if all(other[key] == row[key] for key in groups)), {})
    return row | {f"{key}_previous": match.get(key) for key in row if key not in groups}


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        text = value.strftime("%Y-%m-%dT%H:%M:%S")
        return f"{text}.{value.microsecond // 1000:03}Z" if value.microsecond >= 1000 else f"{text}Z"
    return value


def _rows(ours: list[dict], theirs: list[dict]) -> str | None:
    if len(ours) != len(theirs):
        return f"{len(ours)} rows here, {len(theirs)} there"
    for at, (one, other) in enumerate(zip(ours, theirs)):
        for key, value in one.items():
            if not key.startswith(UNDECIDED) and not _same(value, other.get(key)):
                return f"row {at + 1}, {key}: {value!r} here, {other.get(key)!r} there"
    return None


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        return None not in (one, other) and math.isclose(one, other, rel_tol=1e-9)
    return one == other
