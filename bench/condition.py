"""Filters as conditions of DuckDB. Trailmap's own parser reads them: `model/examples/filter_ast.rs`."""

import functools
import json
import re
import subprocess
from pathlib import Path

# What follows from the time alone is no column.
VIRTUAL = {"weekday": "isodow(event_time)", "hour": "hour(event_time)"}
SIGNS = {"Less": "<", "AtMost": "<=", "Greater": ">", "AtLeast": ">="}


class Unsupported(Exception):
    """The language has it, this translation has not: no panel needs it."""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def column(field: str) -> str:
    return VIRTUAL.get(field, field)


class Conditions:
    """`parser`: the example program. `kinds`: DuckDB's type of each column."""

    def __init__(self, parser: Path, kinds: dict[str, str]):
        self.parser, self.kinds = parser, kinds
        self.of = functools.cache(self._of)

    def _of(self, filter_text: str) -> str:
        parsed = subprocess.run([self.parser], input=filter_text + "\n", capture_output=True, text=True)
        if parsed.returncode != 0:
            raise ValueError(parsed.stderr)
        return self._ast(json.loads(parsed.stdout))

    def _ast(self, ast: object) -> str:
        match ast:
            case "All":
                return "true"
            case {"Term": {"target": target, "pattern": pattern}}:
                return self._term(target, pattern)
            case {"Not": inner}:
                return f"(({self._ast(inner)}) is not true)"
            case {"And": parts}:
                return "(" + " and ".join(map(self._ast, parts)) + ")"
            case {"Or": parts}:
                return self._any_of(parts) or "(" + " or ".join(map(self._ast, parts)) + ")"
        raise Unsupported(ast)

    def _any_of(self, parts: list) -> str | None:
        """`column in (…)`, where the parts ask for nothing but values of one text."""
        match parts[0]:
            case {"Term": {"target": {"Field": field}}} if self.kinds.get(field) == "VARCHAR":
                values = []
                for part in parts:
                    match part:
                        case {"Term": {"target": {"Field": other}, "pattern": {"Exactly": value}}} if other == field:
                            values.append(quoted(value))
                        case _:
                            return None
                return f"{column(field)} in ({', '.join(values)})"
        return None

    def _term(self, target: object, pattern: object) -> str:
        match target:
            case {"Field": field}:
                return self._field(field, pattern)
            case {"Path": path}:
                return _path(path, pattern)
            case "Event":
                return _text(pattern)
        raise Unsupported(target)

    def _field(self, field: str, pattern: object) -> str:
        name, kind = column(field), self.kinds.get(field, "BIGINT")
        match pattern:
            case "Exists":
                return f"{name} is not null"
            case {"Exactly": value} if kind == "VARCHAR[]":
                return f"list_contains({name}, {quoted(value)})"
            case {"Exactly": value} if kind == "VARCHAR" and not (field == "source_ip" and "/" in value):
                return f"{name} = {quoted(value)}"
            case {"Exactly": value} if kind in ("BOOLEAN", "BIGINT", "DOUBLE"):
                return f"{name} = {value}"
            case {"Wildcard": pieces} if kind == "VARCHAR":
                return f"{name} {_like(pieces)}"
            case {"Range": [sign, bound]} if kind in ("BIGINT", "DOUBLE"):
                return f"{name} {SIGNS[sign]} {bound}"
        raise Unsupported(f"{field}: {pattern}")


def _like(pieces: list[str]) -> str:
    if any(sign in piece for piece in pieces for sign in "%_\\"):
        escaped = (piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for piece in pieces)
        return f"like {quoted('%'.join(escaped))} escape '\\'"
    return f"like {quoted('%'.join(pieces))}"


def _text(pattern: object) -> str:
    """Anywhere in the event, A to Z in either case. As a regular expression: a third of what `ilike` takes."""
    match pattern:
        case {"Exactly": text}:
            pieces = [text]
        case {"Wildcard": pieces}:
            pass
        case _:
            raise Unsupported(pattern)
    return f"regexp_matches(raw, {quoted('.*'.join(map(re.escape, pieces)))}, 'is')"


def _path(path: list[str], pattern: object) -> str:
    """What stands at the path, through lists; the text is looked through before JSON is taken apart."""
    values, needles = "[raw::json]", [f'"{path[-1]}"']
    for segment in path:
        step = quoted(f'$."{segment}"')
        each = quoted(f'$."{segment}"[*]')
        values = (
            f"flatten(list_transform({values}, lambda x: case json_type(x, {step}) when 'ARRAY'"
            f" then json_extract(x, {each}) else [json_extract(x, {step})] end))"
        )
    scalar = "json_type(x) in ('VARCHAR', 'BIGINT', 'UBIGINT', 'DOUBLE', 'BOOLEAN')"
    match pattern:
        case "Exists":
            found = "json_type(x) <> 'NULL'"
        case {"Exactly": value}:
            needles.append(value)
            found = f"{scalar} and x ->> '$' = {quoted(value)}"
        case {"Wildcard": pieces}:
            found = f"{scalar} and x ->> '$' {_like(pieces)}"
        case _:
            raise Unsupported(pattern)
    likely = " and ".join(f"contains(raw, {quoted(needle)})" for needle in needles)
    return f"({likely} and len(list_filter({values}, lambda x: {found})) > 0)"
