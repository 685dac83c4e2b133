"""`hub swap`: an operator records a meter swap; what it changes is computed again, and what contradicts it is said."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import pytest

from store.connect import connect
from tests.hub_command import call_hub, refused
from tests.metering import append, apply, compute_at_once, process, register, stored

NOON: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
SWAPPED: Final = "2026-01-05T13:10+01:00"
TERRITORY: Final = """
community = [{ id = "valley", name = "Valley", place = "Somewhere" }]
holder = [{ id = "someone" }]
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "valley"
device = [{ id = "old", to = 2026-01-05T12:10:00Z }, { id = "new", from = 2026-01-05T12:10:00Z }]
[[point]]
id = "two"
holder = "someone"
name = "Two meters side by side"
category = "home"
community = "valley"
device = [{ id = "left" }, { id = "right" }]
"""


@pytest.fixture
def connection(migrated_url: str) -> Iterator[psycopg.Connection]:
    with connect(migrated_url) as connection:
        apply(connection, TERRITORY)
        append(connection, register("old", [1000, 1100], NOON - timedelta(minutes=15)))
        append(connection, register("new", [10, 60, 110], NOON + timedelta(minutes=15)))
        append(connection, register("left", [1, 2], NOON) + register("right", [1, 2], NOON))
        process(migrated_url)
        yield connection


def energies(connection: psycopg.Connection) -> list[tuple[str, int]]:
    rows = stored(connection)["interval"]
    return [(f"{start:%H:%M}", wh) for point, _, _, start, wh, *_ in rows if point == "home"]


def test_a_swap_is_recorded_computed_listed_and_removed(connection: psycopg.Connection, migrated_url: str) -> None:
    url = {"HUB_DATABASE_URL": migrated_url}
    before = [("11:45", 100), ("12:15", 50), ("12:30", 50)]
    assert energies(connection) == before
    code, out, doubts = call_hub("swap", "home", SWAPPED, "--import", "1.180", "0.002", settings=url)
    assert (code, doubts) == (0, "")
    assert out == (
        "recorded: home, import at 2026-01-05 13:10:00: the old meter showed 1.180 kWh, the new one 0.002 kWh\n"
    )
    process(migrated_url)
    assert energies(connection) == [("11:45", 100), ("12:00", 88), ("12:15", 50), ("12:30", 50)]
    assert stored(connection)["interval"] == compute_at_once(migrated_url, connection)
    assert call_hub("swap", "home", settings=url)[1] == out.removeprefix("recorded: home, ")
    assert (
        call_hub("swap", "home", SWAPPED, "--remove", settings=url)[1]
        == "removed: the swap of home, import at 2026-01-05 13:10:00\n"
    )
    process(migrated_url)
    assert energies(connection) == before
    assert call_hub("swap", "home", settings=url)[1] == "no swap of home is recorded\n"


def test_what_contradicts_a_swap_is_said(connection: psycopg.Connection, migrated_url: str) -> None:
    url = {"HUB_DATABASE_URL": migrated_url}
    _, _, doubts = call_hub("swap", "home", SWAPPED, "--import", "1.05", "0.5", settings=url)
    assert doubts.splitlines() == [
        "! old already showed 1.100 kWh at 2026-01-05 13:00:00, more than the old index 1.050: is it right?",
        "! new showed only 0.010 kWh at 2026-01-05 13:15:00, less than the new index 0.500: is it right?",
    ]
    _, _, doubts = call_hub("swap", "home", SWAPPED, "--export", "1", "0", settings=url)
    assert doubts == (
        "! no device has told an export register up to that instant: the swap counts once one does, mapped to the"
        " point\n"
    )


def test_a_swap_of_a_time_that_is_kept_as_it_is_changes_nothing(
    connection: psycopg.Connection, migrated_url: str
) -> None:
    """That is all that is said of it: no reading that could still come makes it count."""
    url = {"HUB_DATABASE_URL": migrated_url}
    before = energies(connection)
    connection.execute("UPDATE point SET frozen_before = '2026-01-05T13:00Z'")
    warning = (
        "! a swap of point home from before 2026-01-05 13:00 UTC, when its intervals are kept as they are"
        " (`hub retention`): it changes nothing\n"
    )
    for words in (("--import", "1.180", "0.002"), ("--import", "1.05", "500"), ("--export", "1", "0"), ("--remove",)):
        code, _, doubts = call_hub("swap", "home", SWAPPED, *words, settings=url)
        assert (code, doubts) == (0, warning)
    process(migrated_url)
    assert energies(connection) == before
    connection.execute("UPDATE point SET frozen_before = '2026-01-05T12:00Z'")
    assert call_hub("swap", "home", SWAPPED, "--import", "1.180", "0.002", settings=url)[2] == ""


LEAPS: Final = [
    ("an old index in Wh", SWAPPED, "1180", "0.002",
        "! old showed 1.100 kWh at 2026-01-05 13:00:00; from there to the old index 1180.000 is more than can flow in"
        " that time: is it in kWh, and was the meter replaced then?"),
    ("within the ceiling", SWAPPED, "51.1", "0.002", ""),
    ("beyond it by a watt-hour", SWAPPED, "51.101", "0.002",
        "! old showed 1.100 kWh at 2026-01-05 13:00:00; from there to the old index 51.101 is more than can flow in"
        " that time: is it in kWh, and was the meter replaced then?"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "at", "old", "new", "doubt"), LEAPS, ids=[row[0] for row in LEAPS])
def test_a_leap_is_doubted(
    connection: psycopg.Connection, migrated_url: str, why: str, at: str, old: str, new: str, doubt: str
) -> None:
    code, _, doubts = call_hub("swap", "home", at, "--import", old, new, settings={"HUB_DATABASE_URL": migrated_url})
    assert (code, doubts.rstrip()) == (0, doubt), why


def test_the_limit_of_a_point_and_the_break_elsewhere_are_looked_at(
    connection: psycopg.Connection, migrated_url: str
) -> None:
    """A register that falls to 10 Wh two hours after what was recorded; and 3 kW may give 825 Wh in a quarter."""
    apply(connection, TERRITORY.replace('id = "home"', 'id = "home"\nlimit_kva = 3'))
    append(connection, register("new", [900_000], NOON + timedelta(minutes=12)))
    url = {"HUB_DATABASE_URL": migrated_url}
    _, _, doubts = call_hub("swap", "home", SWAPPED, "--import", "1.926", "0.002", settings=url)
    assert doubts.splitlines() == [
        "! old showed 1.100 kWh at 2026-01-05 13:00:00; from there to the old index 1.926 is more than can flow in that"
        " time: is it in kWh, and was the meter replaced then?",
        "! new showed 900.000 kWh at 2026-01-05 13:12:00; from the new index 0.002 to there is more than can flow in"
        " that time: is it in kWh, and was the meter replaced then?",
    ]
    _, out, _ = call_hub("swap", "home", SWAPPED, "--import", "1.925", "900", settings=url)
    assert out.splitlines()[1:] == ["it replaces what was recorded first: 1.926 kWh, then 0.002 kWh"]


def test_a_swap_in_the_hour_that_comes_twice_is_told_with_its_offset(
    connection: psycopg.Connection, migrated_url: str
) -> None:
    url = {"HUB_DATABASE_URL": migrated_url}
    shown: list[str] = []
    for at in ("2025-10-26T02:30+02:00", "2025-10-26T02:30+01:00"):
        code, out, _ = call_hub("swap", "home", at, "--import", "1", "0", settings=url)
        assert code == 0
        shown.append(out.removeprefix("recorded: home, "))
    assert [line.partition(": the old")[0] for line in shown] == [
        "import at 2025-10-26 02:30:00 (UTC+02:00)",
        "import at 2025-10-26 02:30:00 (UTC+01:00)",
    ]
    assert call_hub("swap", "home", settings=url)[1] == "".join(shown)


REFUSED: Final = [
    (["nobody", SWAPPED, "--import", "1", "0"], "there is no metering point 'nobody'; `hub apply` declares points"),
    (["home", "--import", "1", "0"], "say when the meter was swapped: hub swap POINT AT, as 2026-03-14T10:30"),
    (["home", "soon", "--import", "1", "0"], "'soon' is not a time: write it as 2026-03-14T10:30 (Europe/Paris time)"),
    (["home", "2026-03-29T02:30", "--import", "1", "0"],
        "2026-03-29T02:30 does not exist in Europe/Paris, where the clocks change then: write the offset with it, as"
        " 2026-03-29T02:30:00+01:00 or 2026-03-29T02:30:00+02:00"),
    (["home", "2025-10-26T02:30", "--remove"],
        "2025-10-26T02:30 comes twice in Europe/Paris, where the clocks change then: write the offset with it, as"
        " 2025-10-26T02:30:00+02:00 or 2025-10-26T02:30:00+01:00"),
    (["home", "2999-01-01T10:00", "--import", "1", "0"],
        "2999-01-01T10:00 is in the future: record a swap when it has happened"),
    (["home", "2026-01-05", "--import", "1", "0"],
        "2026-01-05 is a day: say the hour too, as 2026-01-05T10:30 (Europe/Paris time)"),
    (["home", SWAPPED], "give the indexes: --import OLD NEW or --export OLD NEW, in kWh as the meters show them"),
    (["home", SWAPPED, "--import", "a", "0"],
        "--import: 'a' is not a number; give both indexes in kWh, as 18423.117 0.4"),
    (["home", SWAPPED, "--import", "1", "-5"], "--import: a register is never negative"),
    (["home", SWAPPED, "--remove"], "no swap of home is recorded at that instant; `hub swap home` lists them"),
    (["two", SWAPPED, "--import", "1", "0"],
        "two has several import registers before that instant (left, right): let the mapping of the old device end, and"
        " that of the new one begin, at the swap; then `hub apply`, and record it again"),
]  # fmt: skip


def test_what_is_refused(connection: psycopg.Connection, migrated_url: str) -> None:
    for words, sentence in REFUSED:
        assert refused("swap", *words, HUB_DATABASE_URL=migrated_url) == sentence
    assert connection.execute("SELECT count(*) FROM meter_swap").fetchone() == (0,)
