"""How long it takes to rebuild points from their readings, as `hub recompute` does, and how much memory.

Each rebuild is a process of its own: `python -m hub.bench.process_rebuild URL [COMMUNITY]`.
"""

import json
import logging
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from energy.errors import Unavailable
from hub.bench import process_data as data
from hub.bench.servers import migrated_postgres
from hub.recompute import check
from processing.recompute import Scope
from store.communities import read_community
from store.connect import connect

SPREAD_S: Final = 600
"""Readings lie off the grid, so that registers are interpolated."""
SMALLEST: Final = 8
"""Points, so that a quarter of them are two."""


def measure_rebuild(points: int, days: int) -> dict[str, float]:
    """Rebuild so many points over so many days from their readings, and compare all of it with what is stored.

    Returns:
        rebuild_s; rebuild_cpu_s, without PostgreSQL; peak_mb, of memory; rebuild_linear: the time per point to that of
        a community of a quarter of the points, and rebuild_linear_half: to that of one of half of them.

    Raises:
        Unavailable: what was rebuilt is not what was stored, or a process ends early.
    """
    begin = data.begin_of(days, datetime.now(UTC))
    sizes = [points // 4, points // 2, points - points // 4 - points // 2]
    with migrated_postgres() as url, connect(url) as connection:
        data.found(connection, sizes, begin)
        data.fill(connection, begin, range(days), SPREAD_S)
        # The first day begins with the first reading, and is not like the others.
        data.know(url, connection, begin, range(1))
        data.know(url, connection, begin, range(1, days))
        quarter, half = (_run(url, data.community_id(number)) for number in (0, 1))
        everything = _run(url)
    steps = timedelta(days=days) // timedelta(minutes=15)
    for done, size in ((quarter, sizes[0]), (half, sizes[1]), (everything, points)):
        if done["differing"] or done["compared"] < 2 * size * (steps - 8):
            raise Unavailable(
                f"the bench rebuilt {done['compared']} rows of {size} points, and {done['differing']} are not as stored"
            )
    per_point_s = everything["seconds"] / points
    return {
        "rebuild_s": everything["seconds"],
        "rebuild_cpu_s": everything["cpu_s"],
        "peak_mb": everything["peak_mb"],
        "rebuild_linear": per_point_s / (quarter["seconds"] / sizes[0]),
        "rebuild_linear_half": per_point_s / (half["seconds"] / sizes[1]),
    }


def _run(*words: str) -> dict[str, Any]:
    """Run this module in a process of its own, and read what it tells."""
    # Ctrl-C is for the bench, which then ends its servers in order.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "hub.bench.process_rebuild", *words],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable("the rebuild of the bench ended early; its last words are above")
    return json.loads(done.stdout)


def rebuild(url: str, community: str | None) -> dict[str, float]:
    """Rebuild and compare, everything or a community."""
    with connect(url) as connection:
        scope = Scope(None, None if community is None else read_community(connection, community).no)
        began = time.perf_counter()
        compared, differing, waiting = check(url, connection, scope).counts
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "compared": compared, "differing": differing + waiting}


def _peak_mb() -> float:
    """Most memory since this program began; what getrusage() says includes who started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


if __name__ == "__main__":
    logging.basicConfig(level="WARNING", stream=sys.stderr)
    told = rebuild(sys.argv[1], sys.argv[2] if sys.argv[2:] else None)
    print(json.dumps(told | {"cpu_s": time.process_time(), "peak_mb": _peak_mb()}))
