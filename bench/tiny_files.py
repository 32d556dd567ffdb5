"""The same events in many tiny files and in fewer larger ones, as trails of quiet and of busy accounts deliver them."""

import gzip
import json
from pathlib import Path

TINY, LARGER = 7, 62
MOST_EVENTS = 13_000 * TINY


def write(sample: Path, folder: Path, events: int) -> dict[int, Path]:
    """Folders of files with `TINY` and with `LARGER` events each, `events` in all, none of them twice."""
    records = _records(sample, min(events, MOST_EVENTS))
    folders = {}
    for size in (TINY, LARGER):
        folders[size] = folder / f"files-of-{size}"
        folders[size].mkdir()
        for at in range(0, len(records), size):
            text = '{"Records":[' + ",".join(records[at : at + size]) + "]}"
            (folders[size] / f"{at:08}.json.gz").write_bytes(gzip.compress(text.encode(), 6, mtime=0))
    return folders


def _records(sample: Path, events: int) -> list[str]:
    records: dict[str, str] = {}
    for path in sorted(sample.rglob("*.json.gz")):
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            # Compact and as it is, as CloudTrail writes it.
            records[record["eventID"]] = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        if len(records) >= events:
            break
    return list(records.values())[:events]
