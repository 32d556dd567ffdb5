"""The program that is measured, with a private Postgres in a folder of its own."""

import json
import os
import queue
import subprocess
import threading
from pathlib import Path

import psycopg

from .process import Cluster, Cost, peak_bytes, run

# Columns of the view `event_text` that say where an event is stored, and nothing about it.
STORAGE = ["event_key", "segment_id", "ordinal"]
START_SECONDS = 300
STOP_SECONDS = 60


def environment() -> dict[str, str]:
    """Without the settings of the caller's own Trailmap."""
    foreign = lambda name: name == "DATABASE_URL" or name.startswith("TRAILMAP")  # noqa: E731
    return {name: value for name, value in os.environ.items() if not foreign(name)}


class Trailmap:
    """A running `trailmap serve`, which also keeps Postgres running between runs of `trailmap ingest`."""

    def __init__(self, program: Path, geoip: Path | None, folder: Path):
        self.program, self.folder = program, folder
        self.options = ["--data-dir", str(folder), *(["--geoip", str(geoip)] if geoip else [])]
        folder.mkdir()
        folder.chmod(0o755)  # The user whom Postgres runs as has to enter it.

    def __enter__(self) -> "Trailmap":
        self.log = open(self.folder / "serve.log", "w")
        command = [str(self.program), "serve", "--listen", "127.0.0.1:0", *self.options]
        self.child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment(), cwd=self.folder
        )
        try:
            self.url = self._address()
            self.cluster = Cluster(self.folder / "postgres")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _address(self) -> str:
        lines: queue.Queue[str] = queue.Queue()

        def read() -> None:
            for line in self.child.stdout:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()
        while line := lines.get(timeout=START_SECONDS):
            if "Trailmap is at " in line:
                return line.split("Trailmap is at ")[1].strip()
        raise RuntimeError(f"trailmap does not start\n{(self.folder / 'serve.log').read_text()}")

    def __exit__(self, *_: object) -> None:
        self.child.terminate()
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()

    def ingest(self, path: Path) -> tuple[dict, Cost]:
        """Its own summary, and what it cost together with Postgres."""
        with self.connect() as connection:
            connection.execute("checkpoint")
        command = [str(self.program), "ingest", str(path), "--format", "json", *self.options]
        cost = run(command, environment(), self.folder, self.cluster)
        return json.loads(cost.stdout), cost

    def connect(self, database: str = "trailmap") -> psycopg.Connection:
        cluster = self.cluster
        return psycopg.connect(
            host=cluster.socket, port=cluster.port, user="trailmap", dbname=database, autocommit=True
        )

    def serve_peak_bytes(self) -> int:
        return peak_bytes(self.child.pid)

    def database_bytes(self) -> int:
        """All tables, indexes and what belongs to them."""
        with self.connect() as connection:
            connection.execute("checkpoint")
            return connection.execute("select pg_database_size(current_database())").fetchone()[0]

    def cluster_bytes(self) -> int:
        """The whole folder of Postgres, with its log of writes and its empty databases."""
        return folder_bytes(self.folder / "postgres")


def folder_bytes(folder: Path) -> int:
    def size(path: Path) -> int:
        try:
            return path.stat().st_blocks * 512
        except FileNotFoundError:  # Postgres removes files while they are counted.
            return 0

    return sum(size(path) for path in folder.rglob("*"))


def sample(program: Path, out: Path, events: int, seed: int, until: str) -> None:
    """Writes CloudTrail files of 30 days up to `until`."""
    settings = ["--events", str(events), "--days", "30", "--seed", str(seed), "--until", until, "--out", str(out)]
    run([str(program), "sample", *settings], environment(), out.parent)
