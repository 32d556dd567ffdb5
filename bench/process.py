"""What processes cost, as Linux counts it."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
# How often the peak of memory is read: what is allocated within the last interval of a process is missed.
INTERVAL = 0.01


@dataclass
class Cost:
    """Of one run: seconds by the clock and of CPU, bytes of memory at the peak."""

    seconds: float
    cpu_client: float
    cpu_server: float
    peak_bytes: int
    stdout: str = ""

    @property
    def cpu(self) -> float:
        return self.cpu_client + self.cpu_server


def cpu_seconds(pid: int) -> float:
    """Of a process and of those of its children that have ended; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / TICK


def peak_bytes(pid: int) -> int:
    """The most memory that a process has had resident so far; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


class Cluster:
    """A Postgres server's processes: the CPU of the postmaster, its living and its ended backends."""

    def __init__(self, data: Path):
        self.data = data
        record = (data / "postmaster.pid").read_text().splitlines()
        self.pid = int(record[0])
        self.port = int(record[3])
        self.socket = record[4]

    def cpu_seconds(self) -> float:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return cpu_seconds(self.pid) + sum(cpu_seconds(int(child)) for child in children)


def run(command: list[str], env: dict[str, str], cwd: Path, cluster: Cluster | None = None) -> Cost:
    """Runs a program to its end. Errors: it fails; what it wrote to standard error is in the message."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        before = cluster.cpu_seconds() if cluster else 0.0
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, env=env, cwd=cwd)
        peak = 0
        while True:
            peak = max(peak, peak_bytes(child.pid))
            # Not Popen's own wait: the CPU is told to whoever reaps the child.
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            time.sleep(INTERVAL)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        after = cluster.cpu_seconds() if cluster else 0.0
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: ended with {child.returncode}\n{err.read()}")
        return Cost(seconds, usage.ru_utime + usage.ru_stime, after - before, peak, out.read())
