"""Points in several communities: what parts may be, how a quarter of an hour is divided, and both balances."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import polars as pl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.errors import InvalidInput
from energy.frames import FLOW_INTERVALS, PARTICIPATIONS
from energy.model import Membership, Quantity
from energy.participation import require_whole_points
from energy.validity import Validity
from processing.participation import part_of
from processing.run import Worker
from store.balances import read_participations
from store.connect import FrameReader
from tests.metering import DAY, QUARTER, append, apply, exhaust, marks, register, stored, worker_on

T0 = datetime(2026, 1, 5, tzinfo=UTC)


def at(hour: int) -> datetime:
    return T0 + timedelta(hours=hour)


# (why, memberships of one point as community, from hour, to hour, percent; where the sentence is to be, or None)
FITS: list[tuple[str, list[tuple[str, int, int, int]], str | None]] = [
    ("one community may have all", [("a", 0, 9, 100)], None),
    ("two that share it", [("a", 0, 9, 60), ("b", 0, 9, 40)], None),
    ("less than all takes part", [("a", 0, 9, 1), ("b", 0, 9, 1)], None),
    ("one after the other", [("a", 0, 5, 100), ("b", 5, 9, 100)], None),
    ("one hundredth too much", [("a", 0, 9, 60), ("b", 5, 9, 41)],
        "from 2026-01-05T05:00:00Z on it takes part with 60 % in a and 41 % in b, 101 % together; write part"),
    ("three that overlap for an hour only", [("a", 0, 5, 40), ("b", 4, 9, 40), ("c", 2, 9, 40)],
        "from 2026-01-05T04:00:00Z on it takes part with 40 % in a and 40 % in b and 40 % in c, 120 % together"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "sentence"), [row[1:] for row in FITS], ids=[row[0] for row in FITS])
def test_the_parts_of_a_point_are_never_more_than_the_whole(
    parts: list[tuple[str, int, int, int]], sentence: str | None
) -> None:
    memberships = [Membership(c, "p", Validity(at(start), at(end)), percent) for c, start, end, percent in parts]
    if sentence is None:
        require_whole_points(memberships)
        return
    with pytest.raises(InvalidInput) as error:
        require_whole_points(memberships)
    assert sentence in str(error.value)


energies = st.one_of(st.integers(0, 300), st.integers(0, 2**62))
cuts = st.lists(st.integers(1, 100), min_size=1, max_size=6, unique=True).map(sorted)


@settings(max_examples=200, deadline=None)
@given(st.lists(energies, min_size=1, max_size=4), cuts)
def test_the_parts_of_all_communities_add_up(energy: list[int], upto: list[int]) -> None:
    flows = [(1, "import", T0 + i * QUARTER, wh, 0, "register") for i, wh in enumerate(energy)]
    whole = pl.DataFrame(flows, FLOW_INTERVALS, orient="row")
    parts: list[Sequence[int]] = []
    for low, high in zip([0, *upto], upto, strict=False):
        stretch = pl.DataFrame([(1, T0, at(9), low, high)], PARTICIPATIONS, orient="row")
        part = part_of(whole, stretch)
        assert part.drop("energy_wh").equals(whole.drop("energy_wh"))
        parts.append(part["energy_wh"].to_list())
        for wh, mine in zip(energy, parts[-1], strict=True):
            assert mine >= 0
            assert abs(mine - Fraction(wh * (high - low), 100)) < 1
    assert [sum(of) for of in zip(*parts, strict=True)] == [wh * upto[-1] // 100 for wh in energy]


def test_a_stretch_covers_its_own_quarters_and_points() -> None:
    rows = [(no, "import", T0 + i * QUARTER, 101, 0, "register") for no in (1, 2) for i in range(4)]
    stretches = [(1, T0 + QUARTER, T0 + 2 * QUARTER, 0, 50), (1, T0 + 2 * QUARTER, at(9), 50, 100)]
    found = part_of(
        pl.DataFrame(rows, FLOW_INTERVALS, orient="row"), pl.DataFrame(stretches, PARTICIPATIONS, orient="row")
    )
    assert found["energy_wh"].to_list() == [101, 50, 51, 51, 101, 101, 101, 101]


TERRITORY = """
holder = [{ id = "anna" }, { id = "town" }]
[[community]]
id = "hill"
name = "Hill"
place = "Above"
[[community]]
id = "dale"
name = "Dale"
place = "Below"
[[point]]
id = "home"
holder = "anna"
name = "Home"
category = "home"
membership = [
  { community = "hill", participation_percent = 33 },
  { community = "dale", from = 2026-01-05T01:00:00Z, participation_percent = 67 },
]
device = [{ id = "home-meter" }]
[[point]]
id = "roof"
holder = "town"
name = "Roof"
role = "producer"
category = "school"
membership = [{ community = "hill", participation_percent = 50 }, { community = "dale", participation_percent = 50 }]
device = [{ id = "roof-meter", measures = "production" }]
"""


@pytest.fixture
def two(migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, Worker]]:
    """A home and a roof in two communities, and two hours of both: 101 and 55 Wh a quarter."""
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, TERRITORY)
        append(connection, register("home-meter", range(0, 101 * 9, 101)))
        append(connection, register("roof-meter", range(0, 55 * 9, 55), quantity=Quantity.PV_ENERGY))
        exhaust(worker)
        yield migrated_url, connection, worker


def balances(connection: psycopg.Connection) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for community, _, consumed, produced, *_ in stored(connection)["balance"]:
        found.setdefault(community, []).append((consumed, produced))
    return found


def test_both_balances_add_up_to_the_points_energy(two: tuple[str, psycopg.Connection, Worker]) -> None:
    url, connection, worker = two
    # Before one o'clock the home is in the hill alone: it is first there, from 0 to 33 % of 101 Wh. From then on the
    # dale, which comes before it in the alphabet, has 0 to 67 %, and the hill 67 to 100 %: 67 and 34 Wh.
    assert balances(connection) == {"dale": [(0, 27)] * 4 + [(67, 27)] * 4, "hill": [(33, 28)] * 4 + [(34, 28)] * 4}
    assert 67 + 34 == 101
    assert 27 + 28 == 55

    before = stored(connection)
    lines = apply(connection, TERRITORY.replace("33 }", "20 }"))
    assert lines == ["~ point home in community hill with 20 % (participation_percent: 33 -> 20)"]
    day = f"{DAY:%Y-%m-%d}"
    assert marks(connection, "community") == {("hill", day), ("dale", day)}, "how the other's is rounded may change"
    exhaust(worker)
    assert balances(connection)["hill"] == [(20, 28)] * 4 + [(20, 28)] * 4
    apply(connection, TERRITORY)
    exhaust(worker)
    assert stored(connection) == before
    reader = FrameReader(url)
    stretches = read_participations(reader, connection, 1).filter(pl.col("point_no") == 1)
    reader.close()
    assert stretches.select("from_percent", "to_percent").rows() == [(0, 33), (67, 100)]


def test_the_database_refuses_more_than_the_whole(two: tuple[str, psycopg.Connection, Worker]) -> None:
    _, connection, _ = two
    more = "UPDATE membership SET participation_percent = 68 WHERE participation_percent = 67"
    with pytest.raises(psycopg.errors.CheckViolation, match="point number 1 have more than 100 %"):
        connection.execute(more)
    with connection.transaction():
        connection.execute(more)
        connection.execute("UPDATE membership SET participation_percent = 32 WHERE participation_percent = 33")
