"""A reader of pages, and how long answers take. Times are those of whole HTTP requests."""

import gzip
import json
import math
import threading
import time
from http.client import HTTPConnection
from typing import Callable
from urllib.parse import urlencode, urlsplit

# A measurement is over after so many seconds, if there are so many times by then.
SECONDS = 0.5
LEAST = 3
# How long a viewer of a crowd looks at a page before he opens it again: as often as a page that is live.
LOOK = 1.0
# What a page has in the place of a panel that could not be answered.
FAILED_PANEL = b'data-role="error"'


class Refused(Exception):
    """An answer that is none: its status and what it says."""


class Viewer:
    """One connection, one request at a time, compressed with gzip unless the answer is to be read."""

    def __init__(self, url: str):
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=120)

    def read(self, path: str, compressed: bool = True) -> bytes:
        headers = {"Accept-Encoding": "gzip"} if compressed else {}
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Refused(f"{path}: {answer.status} {body[:300].decode(errors='replace')}")
        return body

    def json(self, path: str) -> dict:
        return json.loads(self.read(path, compressed=False))


def path(of: str, **parameters: str) -> str:
    return f"{of}?{urlencode({key: value for key, value in parameters.items() if value})}"


def times(run: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of each run, the shortest first. The caller has asked the same before: everything is warm."""
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < runs and (len(taken) < LEAST or time.perf_counter() - began < SECONDS):
        before = time.perf_counter()
        run()
        taken.append((time.perf_counter() - before) * 1000)
    return sorted(taken)


def percentiles(taken: list[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds, and of how many."""
    ordered = sorted(taken)
    at = lambda share: round(ordered[max(0, math.ceil(len(ordered) * share) - 1)], 2)  # noqa: E731
    return {"p50_ms": at(0.5), "p95_ms": at(0.95), "runs": len(ordered)}


def crowd(
    url: str, page: str, viewers: int, during: Callable[[], object], look: float = LOOK
) -> tuple[object, list[float], list[str]]:
    """Viewers who all open the page again when they have looked at it for `look` seconds, for as long as `during` runs and
    once at least. Returns what it returned, the milliseconds of each page, and refusals."""
    over = threading.Event()
    taken: list[float] = []
    refused: list[str] = []

    def watch() -> None:
        viewer = Viewer(url)
        while True:
            before = time.perf_counter()
            try:
                body = viewer.read(page)
                took = (time.perf_counter() - before) * 1000
                if FAILED_PANEL in gzip.decompress(body):
                    raise Refused(f"{page}: a panel without an answer after {took:.0f} ms")
                taken.append(took)
            except (Refused, OSError) as error:
                refused.append(str(error))
                viewer = Viewer(url)
            if over.wait(look):
                return

    threads = [threading.Thread(target=watch) for _ in range(viewers)]
    for thread in threads:
        thread.start()
    try:
        returned = during()
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return returned, taken, refused
