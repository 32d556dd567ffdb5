"""python -m bench --trailmap PROGRAM --parser PROGRAM: see docs/benchmark.md, and `make bench`, which calls it."""

import argparse
import datetime
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from . import bare_copy, duck, panels, report, searches, tiny_files
from .condition import Conditions
from .process import Cost, run
from .program import Trailmap, environment, sample
from .viewer import Viewer, crowd, path, percentiles, times

OVERVIEW = "/d/overview?range=24h"
# From so many events on it is measured whether ingest gets slower as the tables grow.
GROWTH_FROM = 2_000_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--trailmap", type=Path, required=True, help="the program that is measured")
    parser.add_argument("--parser", type=Path, required=True, help="the example filter_ast")
    parser.add_argument("--geoip", type=Path, help="folder of GeoIP databases")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=20, help="of each panel and search, at most")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--out", type=Path, help="where the numbers are written as JSON")
    return parser.parse_args()


class Bench:
    def __init__(self, options: argparse.Namespace, folder: Path):
        self.options, self.folder = options, folder
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        self.until = now.isoformat().replace("+00:00", "Z")
        self.result: dict = {"machine": machine(), "events": options.events, "until": self.until}

    def run(self) -> None:
        probe_events = max(self.options.events // 5, 1000)
        say(f"writing samples of {self.options.events:,} and twice {probe_events:,} events")
        files, alone, watched = (self.folder / name for name in ("sample", "alone", "watched"))
        sample(self.options.trailmap, files, self.options.events, 1, self.until)
        sample(self.options.trailmap, alone, probe_events, 2, self.until)
        sample(self.options.trailmap, watched, probe_events, 3, self.until)
        self.tiny(files)
        self.result["duckdb_load"] = self.duckdb_load(files)
        with self.trailmap("main") as trailmap:
            self.ingest(trailmap, files)
            self.bare_copy(trailmap)
            self.answers(trailmap)
            self.viewers(trailmap, alone, watched)
            self.result["serve_peak_bytes"] = trailmap.serve_peak_bytes()
        if self.options.events >= GROWTH_FROM:
            self.growth(alone)

    def trailmap(self, name: str) -> Trailmap:
        geoip = self.options.geoip
        return Trailmap(self.options.trailmap, geoip if geoip and geoip.is_dir() else None, self.folder / name)

    def tiny(self, files: Path) -> None:
        say("ingesting tiny files, and the same events in larger ones")
        folders = tiny_files.write(files, self.folder, self.options.events)
        for size, folder in folders.items():
            with self.trailmap(f"tiny-{size}") as trailmap:
                self.result[f"files_of_{size}"] = told(*trailmap.ingest(folder))
            shutil.rmtree(folder)
            shutil.rmtree(trailmap.folder)

    def ingest(self, trailmap: Trailmap, files: Path) -> None:
        say("ingesting")
        # Before anything is stored: what an empty database takes is none of the events'.
        empty = trailmap.database_bytes()
        ingest = told(*trailmap.ingest(files))
        stored = trailmap.database_bytes()
        self.result["ingest"] = ingest | {
            "files": sum(1 for _ in files.rglob("*.json.gz")),
            "files_bytes": sum(path.stat().st_size for path in files.rglob("*.json.gz")),
            "database_bytes": stored,
            "database_empty_bytes": empty,
            "cluster_bytes": trailmap.cluster_bytes(),
        }

    def duckdb_load(self, files: Path) -> dict:
        say("loading the same files with DuckDB")
        command = [sys.executable, "-m", "bench.duck", str(files), str(self.folder)]
        cost = run(command, environment(), Path(__file__).parent.parent)
        loaded = json.loads(cost.stdout)
        return costs(loaded["rows"], Cost(loaded["seconds"], cost.cpu_client, 0.0, cost.peak_bytes))

    def bare_copy(self, trailmap: Trailmap) -> None:
        say("copying the extracted rows")
        self.result["bare_copy"] = costs(*bare_copy.measure(trailmap, self.folder))

    def answers(self, trailmap: Trailmap) -> None:
        say("handing the extracted rows to DuckDB")
        # A file: its columns are compressed, which makes groups faster than in memory.
        connection = duck.connect(self.folder, "event.duckdb")
        with trailmap.connect() as postgres:
            self.result["machine"]["postgres"] = postgres.execute("show server_version").fetchone()[0]
            kinds = duck.take_over(postgres, connection, self.folder)
        connection.execute("checkpoint")
        self.result["duckdb_bytes"] = (self.folder / "event.duckdb").stat().st_size
        conditions = Conditions(self.options.parser, kinds)
        viewer = Viewer(trailmap.url)
        filtered, events = panels.filter_of(connection)
        say(f"asking every panel, also within {filtered} ({events:,} events)")
        runs = self.options.runs
        self.result["filter"] = {"q": filtered, "events": events}
        self.result["panels"] = list(panels.measure(viewer, connection, conditions, filtered, runs))
        say("searching")
        self.result["searches"] = list(searches.measure(viewer, connection, conditions, self.until, runs))
        connection.close()

    def viewers(self, trailmap: Trailmap, alone: Path, watched: Path) -> None:
        count = self.options.viewers
        say(f"one viewer, ingest alone, then {count} viewers while ingest runs")
        viewer = Viewer(trailmap.url)
        # Each time another window, as ingest makes every answer another one for the many.
        windows = panels.moved(viewer.json("/d/overview/key-figures.json?range=24h")["window"])
        one = times(lambda: viewer.read(path("/d/overview", **next(windows))), self.options.runs)
        quiet = told(*trailmap.ingest(alone))
        busy, taken, refused = crowd(trailmap.url, OVERVIEW, count, lambda: told(*trailmap.ingest(watched)))
        self.result["viewers"] = {
            "count": count,
            "one": percentiles(one),
            "many": percentiles(taken) if taken else None,
            "refused": refused,
            "ingest_alone": quiet,
            "ingest_watched": busy,
        }

    def growth(self, probe: Path) -> None:
        say("ingesting into a tenth of the events")
        files = self.folder / "tenth"
        sample(self.options.trailmap, files, self.options.events // 10, 4, self.until)
        with self.trailmap("growth") as trailmap:
            trailmap.ingest(files)
            self.result["ingest_into_a_tenth"] = told(*trailmap.ingest(probe))


def told(summary: dict, cost: Cost) -> dict:
    """What one run of ingest did and cost; its own seconds, which leave the start of the program out, by the way."""
    if summary["objects_failed"] or summary["events_rejected"]:
        raise RuntimeError(f"the sample is not wholly read: {summary}")
    return costs(summary["events_inserted"], cost) | {"own_seconds": summary["seconds"]}


def costs(events: int, cost: Cost) -> dict:
    return {
        "events": events,
        "seconds": round(cost.seconds, 3),
        "events_per_second": round(events / cost.seconds),
        "cpu_seconds_per_million": round(cost.cpu / events * 1e6, 2),
        "cpu_client_seconds_per_million": round(cost.cpu_client / events * 1e6, 2),
        "cpu_postgres_seconds_per_million": round(cost.cpu_server / events * 1e6, 2),
        "peak_bytes": cost.peak_bytes,
    }


def machine() -> dict:
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_bytes": memory,
        "load_before": round(os.getloadavg()[0], 2),
        "duckdb": duckdb.__version__,
    }


STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - STARTED:6.0f} s  {text}", file=sys.stderr, flush=True)


def main() -> None:
    options = arguments()
    options.trailmap, options.parser = options.trailmap.resolve(), options.parser.resolve()
    options.geoip = options.geoip and options.geoip.resolve()
    with tempfile.TemporaryDirectory(prefix="trailmap-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # The user whom Postgres runs as has to enter it.
        bench = Bench(options, folder)
        bench.run()
    bench.result["seconds"] = round(time.monotonic() - STARTED)
    bench.result["ratios"] = report.ratios(bench.result)
    print(report.table(bench.result))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(bench.result, indent=1) + "\n")
        print(f"\nAll numbers: {options.out}")


if __name__ == "__main__":
    main()
