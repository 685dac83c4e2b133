"""Communities for `hub bench process`: points with a meter each, whose registers go on every quarter of an hour."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

import psycopg

from energy.model import Message, Quantity, Reading
from energy.territory import parse_territory
from energy.time import STEP, rfc3339
from processing.run import Worker
from store import readings, registry, spans
from store.queries import statement

PRODUCER_EVERY: Final = 10
"""One point in so many produces, the others consume."""
STEPS_A_DAY: Final = timedelta(days=1) // STEP
FIRST_WH: Final = 1_000_000
MEAN_WH: Final = 150
SWING_WH: Final = 50
"""By turns a step has so much less and so much more than the mean: a reading that is missing can be seen."""


def begin_of(days: int, now: datetime) -> datetime:
    """The midnight at which a history of so many days begins that ends before today."""
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=days), time.min, UTC)


def found(connection: psycopg.Connection, sizes: Sequence[int], begin: datetime) -> None:
    """Make a community of each size, and store the first reading of each meter."""
    territory = parse_territory("".join(_territory(sizes)))
    registry.apply_changes(connection, registry.difference(registry.read_territory(connection), territory))
    readings.prepare(connection)
    first = [
        Reading(point_id(n), _quantity(n), float(register_wh(0)), begin, dialect="bench") for n in range(sum(sizes))
    ]
    with connection.transaction():
        readings.append(connection, readings.SeriesBook(), first)


def fill(connection: psycopg.Connection, begin: datetime, days: range, spread_s: int) -> None:
    """Let the registers go on over days counted from the beginning, after the first of all, to the end of the last.

    Args:
        spread_s: readings lie less than so many seconds behind the edges of the grid, each meter's at its own distance.
    """
    steps = {"first": days.start * STEPS_A_DAY + 1, "last": days.stop * STEPS_A_DAY}
    connection.execute(statement("bench_fill_readings"), {"begin": begin, "spread_s": spread_s, **steps})


def know(url: str, connection: psycopg.Connection, begin: datetime, days: range) -> None:
    """Have days computed: one by a worker of our own, the others as it, for every day is the same."""
    model = days.start
    compute(url, connection, [(no, begin + timedelta(days=model)) for no in all_series(connection)])
    parameters = {"day": begin + timedelta(days=model), "first": 1, "last": len(days) - 1}
    for name in ("bench_repeat_intervals", "bench_repeat_allocations", "bench_repeat_pairs", "bench_repeat_balances"):
        connection.execute(statement(name), parameters)
    connection.execute("VACUUM ANALYZE")  # as autovacuum would have done by then


def compute(url: str, connection: psycopg.Connection, days: Sequence[tuple[int, datetime]]) -> None:
    """Have days of series computed to the balances, by a worker of our own."""
    with connection.transaction():
        spans.mark(connection, "series", [(series_no, day.date()) for series_no, day in days])
    worker = Worker(url, connection)
    try:
        while worker.work_once():
            pass
    finally:
        worker.close()


def all_series(connection: psycopg.Connection) -> list[int]:
    """Numbers of all series, in the order of their points."""
    return [series_no for (series_no,) in connection.execute(statement("bench_series"))]


def lose(connection: psycopg.Connection, number: int, at: datetime) -> None:
    """Take a reading of a point away, as if it had not come yet."""
    taken = connection.execute(statement("bench_lose_reading"), {"device": point_id(number), "at": at}).rowcount
    assert taken == 1, "it was filled in"


def late_message(number: int, at: datetime, step: int, received_at: datetime) -> Message:
    """What the meter of a point says of an instant, which begins a step counted from the beginning."""
    word = "export" if is_producer(number) else "import"
    payload = f'{{"at":"{rfc3339(at)}","{word}_kwh":{register_wh(step) / 1000:.3f}}}'
    return Message(f"hub/v1/{point_id(number)}", payload.encode(), received_at)


def register_wh(step: int) -> int:
    """What registers show at the beginning of a step, as store/sql/queries/bench_fill_readings.sql has it."""
    return FIRST_WH + MEAN_WH * step - SWING_WH * (step % 2)


def point_id(number: int) -> str:
    """The id of a point, and of its meter."""
    return f"bench-{number:05}"


def community_id(number: int) -> str:
    """The id of a community."""
    return f"bench-{number}"


def is_producer(number: int) -> bool:
    """Whether a point produces."""
    return number % PRODUCER_EVERY == 0


def _quantity(number: int) -> Quantity:
    return Quantity.EXPORT_ENERGY if is_producer(number) else Quantity.IMPORT_ENERGY


def _territory(sizes: Sequence[int]) -> Iterator[str]:
    yield 'holder = [{ id = "bench", kind = "legal" }]\n'
    for number in range(len(sizes)):
        yield (
            f'[[community]]\nid = "{community_id(number)}"\nname = "Bench {number}"\nplace = "Bench"\n'
            'zone = "UTC"\nsimulated = true\n'
        )
    communities = [number for number, size in enumerate(sizes) for _ in range(size)]
    for number, community in enumerate(communities):
        role = "producer" if is_producer(number) else "consumer"
        yield (
            f'[[point]]\nid = "{point_id(number)}"\nname = "{number}"\ncategory = "other"\nholder = "bench"\n'
            f'role = "{role}"\ncommunity = "{community_id(community)}"\ndevice = [{{ id = "{point_id(number)}" }}]\n'
        )
