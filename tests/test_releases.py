"""From readings to a release on a real database: what is published, when, once, and chained for ever."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

import polars as pl
import psycopg
import pytest
from msgspec.structs import replace

from energy.errors import NotFound
from energy.model import Quantity, Reading
from processing.datapackage import CSV_NAME, DESCRIPTOR_NAME, PARQUET_NAME, Edition, pack_release
from processing.datasets import DATASET, parse_parquet
from processing.publish import publish
from store.connect import FrameReader, connect
from store.releases import read_file, read_releases, read_simulated
from tests.metering import append, apply, process, register, stored

HOMES: Final = 12
HALF_HOUR: Final = timedelta(minutes=30)
MARCH: Final = datetime(2026, 2, 28, 23, tzinfo=UTC)  # 1 March, 00:00 in Paris
MARCH_ENDS: Final = datetime(2026, 3, 31, 22, tzinfo=UTC)
HALF_HOURS: Final = (MARCH_ENDS - MARCH) // HALF_HOUR
DUE: Final = MARCH_ENDS + timedelta(days=10)
DAY: Final = timedelta(days=1)

TERRITORY: Final = """
[[community]]
id = "vallon"
name = "Vallon"
place = "Somewhere"
simulated = true
[[holder]]
id = "town"
kind = "public"
consent = true
[[point]]
id = "roof"
holder = "town"
name = "School roof"
role = "producer"
category = "solar"
community = "vallon"
device = [{ id = "roof", measures = "production" }]
""" + "".join(
    f"""
[[holder]]
id = "holder-{i}"
consent = true
[[point]]
id = "home-{i}"
holder = "holder-{i}"
name = "Home {i}"
category = "home"
community = "vallon"
device = [{{ id = "meter-{i}" }}]
"""
    for i in range(HOMES)
)


def month_of_a_home(number: int) -> list[Reading]:
    """200 Wh and two more for each number, every half-hour, so 100 Wh and one more a quarter."""
    values = [10_000 + (200 + 2 * number) * i for i in range(HALF_HOURS + 1)]
    return register(f"meter-{number}", values, MARCH, HALF_HOUR)


def month_of_the_roof() -> list[Reading]:
    """From 6 to 18 UTC: 1,000 Wh a half-hour, and 4,000 Wh from 10 to 14, where that is more than the homes use."""
    values = [5_000]
    for i in range(HALF_HOURS):
        hour = (MARCH + i * HALF_HOUR).hour
        values.append(values[-1] + (4_000 if 10 <= hour < 14 else 1_000 if 6 <= hour < 18 else 0))
    return register("roof", values, MARCH, HALF_HOUR, Quantity.PV_ENERGY)


@pytest.fixture
def month(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, FrameReader]]:
    """March of twelve homes and a roof, stored and not yet computed."""
    reader = FrameReader(both_migrated_url)
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        for number in range(HOMES):
            append(connection, month_of_a_home(number))
        append(connection, month_of_the_roof())
        yield both_migrated_url, connection, reader
    reader.close()


def released_rows(connection: psycopg.Connection, version: int | None = None) -> list[dict[str, Any]]:
    content = read_file(connection, DATASET, CSV_NAME, version).content
    return pl.read_csv(BytesIO(content)).rows(named=True)


@pytest.mark.slow
def test_a_month_is_withheld_then_published_once_and_never_again(
    month: tuple[str, psycopg.Connection, FrameReader],
) -> None:
    url, connection, reader = month
    assert publish(connection, reader, DUE) == 1, "a first release says that there is nothing yet"
    assert released_rows(connection) == []
    process(url)
    assert publish(connection, reader, DUE - timedelta(microseconds=1)) == 2
    assert [(row["month"], row["publication"]) for row in released_rows(connection)] == [("2026-03", "withheld")]
    assert publish(connection, reader, DUE - timedelta(microseconds=1)) is None

    # A reading of March that waits to be computed: what the month holds now is not what it will hold.
    append(connection, register("meter-0", [1], MARCH_ENDS - HALF_HOUR / 3))
    assert publish(connection, reader, DUE) is None
    process(url)
    assert publish(connection, reader, DUE) == 3
    # 2,972 quarters of 1,266 Wh; on 31 days 32 quarters of 500 Wh, and 16 of 2,000 Wh of which 1,266 are used.
    consumption_wh, production_wh = 2_972 * 1_266, 31 * (32 * 500 + 16 * 2_000)
    allocated_wh = 31 * (32 * 500 + 16 * 1_266)
    assert (consumption_wh, production_wh, allocated_wh) == (3_762_552, 1_488_000, 1_123_936)
    published = {
        "community": "vallon",
        "month": "2026-03",
        "consumption_kwh": 3760.0,
        "production_kwh": 1490.0,
        "allocated_kwh": 1120.0,
        "residual_kwh": 2640.0,
        "surplus_kwh": 370.0,
        "self_consumption_rate": 0.752,
        "self_sufficiency_rate": 0.298,
        "coverage_rate": 0.396,
        "holders": "10-14",
        "publication": "published",
        "policy": "hub-sdc-1.0",
    }
    assert released_rows(connection) == [published]
    assert publish(connection, reader, DUE + 30 * DAY) is None

    # The register of a home turns out to have run twice as fast: the balance follows, what was published does not.
    append(connection, [replace(reading, value=2 * reading.value) for reading in month_of_a_home(3)])
    process(url)
    assert sum(row[2] for row in stored(connection)["balance"]) > consumption_wh
    assert publish(connection, reader, DUE + 60 * DAY) is None
    assert released_rows(connection) == [published]
    check_chain(connection)


def check_chain(connection: psycopg.Connection) -> None:
    """Each release has its files as they were hashed, packs again to the same bytes, and names the one before it."""
    previous: str | None = None
    for release in reversed(read_releases(connection)):
        version = release["version"]
        files = {
            name: read_file(connection, DATASET, name, version) for name in (CSV_NAME, PARQUET_NAME, DESCRIPTOR_NAME)
        }
        lines = sorted(f"{hashlib.sha256(file.content).hexdigest()}  {name}\n" for name, file in files.items())
        if previous is not None:
            lines.append(previous + "\n")
        assert release["previous_digest"] == previous
        assert release["digest"] == hashlib.sha256("".join(lines).encode()).hexdigest()
        edition = Edition(version, release["released_at"], previous, simulated=read_simulated(connection))
        again = pack_release(parse_parquet(files[PARQUET_NAME].content), edition)
        assert {file.name: file.content for file in again.files} == {n: file.content for n, file in files.items()}
        assert [entry["name"] for entry in release["files"]] == sorted(files)
        previous = release["digest"]


@pytest.mark.slow
def test_of_two_who_publish_at_once_one_finds_nothing_new(month: tuple[str, psycopg.Connection, FrameReader]) -> None:
    url, connection, _ = month
    process(url)

    def run() -> int | None:
        reader = FrameReader(url)
        try:
            with connect(url) as own:
                return publish(own, reader, DUE)
        finally:
            reader.close()

    with ThreadPoolExecutor(3) as threads:
        versions = [future.result(30) for future in [threads.submit(run) for _ in range(3)]]
    assert sorted(versions, key=str) == [1, None, None]
    check_chain(connection)


def test_a_file_that_was_never_released_is_not_found(both_migrated_url: str) -> None:
    reader = FrameReader(both_migrated_url)
    with connect(both_migrated_url) as connection:
        assert publish(connection, reader, DUE) == 1
        assert read_file(connection, DATASET, CSV_NAME, 1) == read_file(connection, DATASET, CSV_NAME)
        for dataset, name, version in (("other", CSV_NAME, 1), (DATASET, "other.csv", 1), (DATASET, CSV_NAME, 2)):
            with pytest.raises(NotFound, match="/open/v1"):
                read_file(connection, dataset, name, version)
    reader.close()
