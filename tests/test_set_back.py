"""A device whose clock is set back tells instants again: its register goes on, and no energy is invented."""

import re
from datetime import timedelta
from itertools import pairwise

import psycopg
import pytest

from energy.model import Quantity, Reading
from energy.time import STEP
from store.queries import statement
from tests.metering import DAY, HOUR, append, apply, compute_at_once, exhaust, register, stored, worker_on

HOME = """
community = [{ id = "valley", name = "Valley", place = "Somewhere" }]
holder = [{ id = "someone" }]
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "valley"
device = [{ id = "home" }]
"""
FIRST_WH = 100_000
SET_AT, END = DAY + 6 * HOUR, DAY + 12 * HOUR


def told(every: timedelta, back: timedelta, lasts: timedelta) -> list[Reading]:
    """2 kW all the time; at six the clock is set back, and it is put right after a while."""
    said: list[Reading] = []
    at = DAY
    while at <= END:
        stamp = at - back if SET_AT <= at < SET_AT + lasts else at
        said.append(
            Reading("home", Quantity.IMPORT_ENERGY, FIRST_WH + 2000 * ((at - DAY) / HOUR), stamp, dialect="test")
        )
        at += every
    return said


SCENES = [
    (every_min, back_min, lasts_min)
    for every_min in (1, 5, 15)
    for back_min in (15, 60, 90)
    for lasts_min in (10, 15, 30, 60, 180)
]


@pytest.mark.parametrize(("every_min", "back_min", "lasts_min"), SCENES)
def test_no_energy_is_invented(migrated_url: str, every_min: int, back_min: int, lasts_min: int) -> None:
    """Not while the clock is wrong, whenever the worker has its turn; and once it is right nothing is missing."""
    said = told(timedelta(minutes=every_min), timedelta(minutes=back_min), timedelta(minutes=lasts_min))
    first = (SET_AT - DAY) // timedelta(minutes=every_min)
    turns = sorted({first + 1, first + 2, first + max(lasts_min // every_min, 1), len(said)})
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, HOME)
        rows = []
        for since, until in pairwise([0, *turns]):
            append(connection, said[since:until])
            exhaust(worker)
            rows = stored(connection)["interval"]
            assert sum(row[4] for row in rows) <= said[until - 1].value - FIRST_WH
            assert rows == compute_at_once(migrated_url, connection)
    assert [row[3] for row in rows] == [DAY + i * STEP for i in range(48)]
    assert sum(row[4] for row in rows) == 24_000


CORRECTED = [
    (
        "upwards, one after the other, and all later ones too",
        [1000, 1100, 1200, 1300],
        [(1, 1150), (2, 1250)],
        [150, 100, 50],
    ),
    (
        "upwards above what is shown later: left out until that is corrected",
        [1000, 1100, 1200, 1300],
        [(1, 1250)],
        [100, 100, 100],
    ),
    ("and then it is", [1000, 1100, 1200, 1300], [(1, 1250), (2, 1280)], [250, 30, 20]),
    ("downwards", [1000, 1100, 1200, 1300], [(2, 1120)], [100, 20, 180]),
    ("a zero that was none", [1000, 0, 1200, 1300], [(1, 1180)], [180, 20, 100]),
    ("the last one", [1000, 1100, 1200, 1300], [(3, 1500)], [100, 100, 300]),
]


@pytest.mark.parametrize(("why", "values", "again", "expected"), CORRECTED, ids=[row[0] for row in CORRECTED])
def test_corrections_count(
    migrated_url: str, why: str, values: list[int], again: list[tuple[int, int]], expected: list[int]
) -> None:
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, HOME)
        append(connection, register("home", values))
        exhaust(worker)
        for place, value in again:
            append(connection, register("home", [value], DAY + place * STEP))
            exhaust(worker)
        rows = stored(connection)["interval"]
        assert [row[4] for row in rows] == expected, why
        assert rows == compute_at_once(migrated_url, connection)


def test_a_week_that_is_told_anew_is_gone_through_once(migrated_url: str) -> None:
    """All its readings came in the place of lower ones: none is followed through all others."""
    with worker_on(migrated_url) as (connection, _):
        append(connection, register("home", range(1000, 1000 + 672)))
        connection.execute(
            "INSERT INTO reading_revision (series_no, at, old_value) SELECT series_no, at, value - 1 FROM reading;"
            " ANALYZE"
        )
        parameters = {"series": [1], "start": DAY, "end": DAY + timedelta(days=7)}
        query = psycopg.ClientCursor(connection).mogrify(statement("readings_set_back"), parameters)
        plan = connection.execute(b"EXPLAIN (ANALYZE, TIMING OFF) " + query.encode()).fetchall()
    scans = [re.findall(r"actual rows=([\d.]+) loops=(\d+)", line) for (line,) in plan if " on reading" in line]
    looked_at = [float(rows) * int(loops) for found in scans for rows, loops in found]
    assert looked_at
    assert max(looked_at) <= 2 * 672
