"""Open data and what is kept no longer: what was released stays; of a month with a part gone nothing is released."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from energy.model import LONGEST_STILLNESS
from processing.datapackage import CSV_NAME
from processing.datasets import DATASET
from processing.publish import publish
from store import retention
from store.connect import FrameReader, connect
from store.releases import read_file, read_releases
from store.retention import Cutoffs
from tests.metering import append, apply, process, register
from tests.test_releases import (
    DUE,
    HOMES,
    MARCH,
    MARCH_ENDS,
    TERRITORY,
    month_of_a_home,
    month_of_the_roof,
    released_rows,
)

MIDDLE = MARCH + timedelta(days=15)


@pytest.fixture
def march(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, FrameReader]]:
    """March of twelve homes and a roof, computed."""
    reader = FrameReader(both_migrated_url)
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        for number in range(HOMES):
            append(connection, month_of_a_home(number))
        append(connection, month_of_the_roof())
        process(both_migrated_url)
        yield both_migrated_url, connection, reader
    reader.close()


def keep_from(connection: psycopg.Connection, cutoffs: Cutoffs) -> None:
    """Remove what is older, as `hub retention --yes` does."""
    retention.freeze(connection, cutoffs)
    assert list(retention.remove(connection, cutoffs))


@pytest.mark.slow
def test_what_was_released_outlives_all_that_it_was_made_of(
    march: tuple[str, psycopg.Connection, FrameReader],
) -> None:
    _, connection, reader = march
    assert publish(connection, reader, DUE) == 1
    released = read_file(connection, DATASET, CSV_NAME).content
    assert b"published" in released
    later = MARCH_ENDS + timedelta(days=120)
    keep_from(connection, Cutoffs(later, later, later, LONGEST_STILLNESS))
    assert publish(connection, reader, DUE + timedelta(days=400)) is None
    assert read_file(connection, DATASET, CSV_NAME).content == released
    assert len(read_releases(connection)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("is_frozen", [True, False])
def test_a_month_of_which_a_part_is_gone_is_not_released_anew(
    march: tuple[str, psycopg.Connection, FrameReader], *, is_frozen: bool
) -> None:
    """Without the freeze it would be: intervals may be in a chunk that reaches beyond, and measure all the month."""
    url, connection, reader = march
    cutoffs = Cutoffs(None, None, MIDDLE, LONGEST_STILLNESS)
    list(retention.remove(connection, cutoffs))
    if is_frozen:
        retention.freeze(connection, cutoffs)
    assert publish(connection, reader, DUE) == 1
    said = {row["month"]: (row["publication"], row["consumption_kwh"]) for row in released_rows(connection)}
    assert said["2026-03"] == (("withheld", None) if is_frozen else ("published", said["2026-03"][1]))
    if is_frozen:
        append(connection, register("meter-0", [1], MARCH + timedelta(days=1, minutes=1)))
        apply(connection, TERRITORY.replace('name = "Home 0"', 'name = "Home 0"\nlimit_kva = 9'))
        process(url)
        assert publish(connection, reader, DUE) is None
