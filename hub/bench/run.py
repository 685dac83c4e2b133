"""`hub bench`: the bench that was asked for, and its figures for people or as JSON."""

import argparse
import json
from typing import Final

from hub.settings import Settings

READINGS: Final = {"store": 400_000, "process": 4_000_000}


def run_bench(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run a bench and print its figures."""
    from hub.bench import allocate, compare, ingest, process, store  # noqa: PLC0415 - they bring a database server along

    readings: int = READINGS.get(arguments.what, 0) if arguments.readings is None else arguments.readings
    match arguments.what:
        case "store":
            figures, table = store.measure(arguments.database, readings, arguments.rounds), store.table
        case "allocate":
            shared = allocate.measure(arguments.sharing_points, arguments.steps, arguments.rounds)
            figures, table = shared | compare.measure(arguments.members, arguments.months), allocate.table
        case "process":
            sizes = process.Sizes(
                readings=readings,
                points=arguments.points,
                late_points=arguments.late_points,
                late_days=arguments.late_days,
                tries=arguments.tries,
                rebuild_days=arguments.rebuild_days,
            )
            figures, table = process.measure(settings, sizes, arguments.rounds), process.table
        case _:
            figures, table = ingest.measure(settings, arguments.messages, arguments.rounds), ingest.table
    print(json.dumps(figures) if arguments.json else table(figures))
    return 0
