"""`hub bench store`: the figures it gives, the readings it writes, and what it refuses; on real servers."""

import json
from itertools import pairwise
from typing import Final

import pytest

from hub.bench.store import BATCH, DEVICES, FEWEST, LABELS, QUANTITIES, batches, table
from store.connect import connect
from tests.hub_command import call_hub, refused

BENCH: Final = ("bench", "store")
SMALL: Final = (*BENCH, "--readings", str(FEWEST), "--rounds", "1", "--json")
KEYS: Final = [
    "write_rate", "copy_rate", "write_ratio", "mixed_rate", "repeat_rate", "revise_rate", "read_rate", "adbc_rate",
    "read_ratio", "apart_rate", "apart_ratio", "bytes_per_reading", "batch", "server",
]  # fmt: skip
EMPTY: Final = "the bench needs an empty database, and this one has tables of others or data in it"


@pytest.mark.slow
@pytest.mark.parametrize("any_database_server", ["wheel-16", "timescale-17"], indirect=True)
def test_the_figures_are_those_documented_and_can_be_true(any_database_url: str) -> None:
    code, stdout, stderr = call_hub(*SMALL, "--database", any_database_url)
    assert code == 0, stderr
    figures = json.loads(stdout)
    assert list(figures) == KEYS
    with connect(any_database_url) as connection:
        has_timescale = connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
        left = [
            connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone()
            for name in ("reading", "reading_revision", "series", "device", "stale")
        ]
    assert left == [(0,)] * 5, "what it wrote is gone"
    server = figures.pop("server")
    assert server.startswith("PostgreSQL ")
    assert ("TimescaleDB" in server) == (has_timescale is not None)
    assert all(value > 0 for value in figures.values()), figures
    assert figures["write_ratio"] == pytest.approx(figures["write_rate"] / figures["copy_rate"], rel=0.01)
    assert 24 + 4 + 8 + 8 < figures["bytes_per_reading"] < 300, "a row with its head and its place in the index"
    print(figures["write_ratio"], figures["read_ratio"])
    assert len(table(figures | {"server": server}).splitlines()) == len(LABELS)


@pytest.mark.parametrize("words", [("--readings", "19999"), ("--readings", "-5"), ("--rounds", "0")], ids=" ".join)
def test_too_little_to_measure_anything(words: tuple[str, ...]) -> None:
    assert refused(*BENCH, *words) == "the bench needs at least 20000 readings and one round"


def test_a_database_with_something_in_it_is_left_alone(database_url: str, migrated_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("CREATE TABLE accounts (no int)")
        assert refused(*BENCH, "--database", database_url) == EMPTY
        assert connection.execute("SELECT to_regclass('reading')").fetchone() == (None,), "nothing was made"
    with connect(migrated_url) as connection:
        connection.execute("INSERT INTO holder (id, kind) VALUES ('h', 'natural')")
        assert refused(*BENCH, "--database", migrated_url) == EMPTY
        connection.execute("DELETE FROM holder")
        connection.execute("INSERT INTO reading VALUES (1, now(), 1)")
        assert refused(*BENCH, "--database", migrated_url) == EMPTY
        assert connection.execute("SELECT count(*) FROM reading").fetchone() == (1,)


def test_readings_come_as_from_many_devices_at_once() -> None:
    made = list(batches(3 * FEWEST + 2))
    assert [len(batch) for batch in made] == [BATCH] * 6 + [2]
    flat = [reading for batch in made for reading in batch]
    assert len({(r.device, r.quantity, r.at) for r in flat}) == len(flat), "all are new"
    assert len({r.device for r in flat[: len(QUANTITIES) * DEVICES]}) == DEVICES
    at = [r.at for r in flat if r.device == "meter-7" and r.quantity == QUANTITIES[0] and r.at]
    assert all(later > earlier for earlier, later in pairwise(at))
