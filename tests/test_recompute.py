"""`hub recompute`: what is stored equals what the readings give, whatever was done; else it is noticed, and mended."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, LiteralString

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processing.recompute import Findings, Scope, check_piece, read_pieces
from processing.run import Worker
from store import recomputation, spans
from store.connect import connect
from tests import test_worker_laws
from tests.hub_command import call_hub, refused
from tests.metering import DAY, FORGET_ALL, HOUR, append, apply, exhaust, process, register, stored, worker_on
from tests.recomputed import DAYS, QUARTERS, SECOND, TERRITORY, check, checks, counts, fill, recompute, tamper

CHANGES: Final[list[tuple[str, LiteralString, tuple[int, int, int]]]] = [
    ("energy", "UPDATE interval SET energy_wh = energy_wh + 1 WHERE source = 'device' AND start = %(at)s", (3, 0, 0)),
    ("the operator's", "UPDATE interval SET energy_wh = 0 WHERE source = 'operator' AND start = %(at)s", (1, 0, 0)),
    ("only the quality", "UPDATE interval SET quality = 9 WHERE source = 'operator' AND start = %(at)s", (1, 0, 0)),
    ("only the method", "UPDATE interval SET method = '' WHERE source = 'operator' AND start = %(at)s", (1, 0, 0)),
    ("an interval gone", "DELETE FROM interval WHERE flow = 'export' AND start = %(at)s", (1, 0, 0)),
    (
        "an interval nothing was read for",
        "INSERT INTO interval SELECT no, 'import', 'device', %(at)s, 7, 0, '' FROM point WHERE id = 'roof'",
        (1, 0, 0),
    ),
    (
        "one of a point that no register feeds",
        "INSERT INTO interval SELECT no, 'import', 'device', %(at)s, 7, 0, '' FROM point WHERE id = 'bare'",
        (1, 0, 0),
    ),
    (
        "one of a time at which nothing was known",
        "INSERT INTO interval SELECT no, 'import', 'device', %(at)s + '9 days'::interval, 7, 0, ''"
        " FROM point WHERE id = 'hut'",
        (1, 0, 0),
    ),
    ("a balance", "UPDATE balance SET surplus_wh = surplus_wh + 1 WHERE start = %(at)s", (0, 0, 2)),
    ("only its status", "UPDATE balance SET settled = NOT settled WHERE start = %(at)s", (0, 0, 2)),
    ("a balance gone", "DELETE FROM balance WHERE start = %(at)s", (0, 0, 2)),
    (
        "a balance of nothing",
        "INSERT INTO balance SELECT no, %(at)s + '9 days'::interval, 1, 1, 1, 0, 0, 1, 1, 0, true FROM community",
        (0, 0, 2),
    ),
    ("an allocation", "UPDATE allocation SET share_wh = 999 WHERE start = %(at)s", (0, 3, 0)),
    ("an allocation without import", "UPDATE allocation SET import_wh = NULL WHERE start = %(at)s", (0, 2, 0)),
    ("only its quality", "UPDATE allocation SET quality = 9 WHERE start = %(at)s", (0, 3, 0)),
    ("an allocation gone", "DELETE FROM allocation WHERE start = %(at)s", (0, 3, 0)),
    (
        "an allocation of somebody else",
        "INSERT INTO allocation SELECT 1, no, %(at)s, 1, NULL, 0, 0, 1, NULL, 0 FROM point WHERE id = 'hut'",
        (0, 1, 0),
    ),
]
"""What is changed behind the hub's back, and how many intervals, allocations and balances then differ."""
COMPARED: Final = ("interval", "allocation", "allocation_pair", "balance")


@pytest.fixture
def valley(migrated_url: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """Three days of two communities; the operator has a curve of half a day."""
    with connect(migrated_url) as connection:
        fill(migrated_url, connection)
        yield migrated_url, connection


def test_what_the_worker_made_is_what_the_readings_give(both_migrated_url: str) -> None:
    url = both_migrated_url
    assert call_hub("recompute", settings={"HUB_DATABASE_URL": url})[0] == 0, "nothing equals nothing"
    with connect(url) as connection:
        fill(url, connection)
        rows = {kind: len(table) for kind, table in stored(connection).items()}
        code, stdout, stderr = call_hub("recompute", settings={"HUB_DATABASE_URL": url})
        assert (code, stderr) == (0, "")
        assert stdout == (
            f"compared: {rows['interval']:,} intervals, {rows['allocation']:,} allocations,"
            f" {rows['allocation_pair']:,} pairs, {rows['balance']:,} balances\n"
            "all of them equal what the readings give\n"
        )
        assert checks(connection) == [
            (True, 0, 0, 0),
            (True, sum(rows[kind] for kind in COMPARED), 0, 0),
        ]


@pytest.mark.parametrize(("why", "change", "differing"), CHANGES, ids=[change[0] for change in CHANGES])
def test_what_was_changed_is_noticed_and_mended(
    valley: tuple[str, psycopg.Connection], why: str, change: LiteralString, differing: tuple[int, int, int]
) -> None:
    url, connection = valley
    before = stored(connection)
    tamper(connection, change)
    assert stored(connection) != before, why
    code, found = recompute(url)
    assert (code, counts(found)) == (1, differing)
    assert found["first"][0]["stored"] != found["first"][0]["rebuilt"]
    assert spans.count(connection) == (0, 0), "nothing is written unless asked for"
    assert check(url, Scope(days_at_once=3, points_at_once=1)).differing.total() == sum(differing)
    _, found = recompute(url, "--repair")
    assert found["repaired_days"] > 0
    process(url)
    assert recompute(url)[0] == 0
    assert stored(connection) == before


def test_by_which_key_and_whose_production_is_noticed_too(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    pairs = stored(connection)["allocation_pair"]
    tamper(connection, "UPDATE allocation_pair SET allocated_wh = allocated_wh + 1 WHERE start = %(at)s")
    tamper(connection, "UPDATE allocation SET key_no = key_no + 1 WHERE start = %(at)s")
    assert stored(connection)["allocation_pair"] != pairs
    code, found = recompute(url)
    assert (code, counts(found), found["differing"]["pair"]) == (1, (0, 3, 0), 1)
    recompute(url, "--repair")
    process(url)
    assert recompute(url)[0] == 0
    assert stored(connection)["allocation_pair"] == pairs


def test_a_community_without_members_holds_nobody_up(both_migrated_url: str) -> None:
    with connect(both_migrated_url) as connection:
        fill(both_migrated_url, connection)
        empty = '{ id = "empty", name = "Nobody yet", place = "Here" },'
        apply(connection, TERRITORY.replace("community = [", f"community = [{empty}"))
        process(both_migrated_url)
    assert check(both_migrated_url, Scope()).differing.total() == 0


def test_the_words_say_what_differs_and_what_to_do(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    tamper(connection, "UPDATE interval SET energy_wh = 7 WHERE flow = 'export' AND start = %(at)s")
    tamper(connection, "DELETE FROM balance WHERE community_no = 1 AND start = %(at)s")
    code, stdout, stderr = call_hub("recompute", "--community", "valley", settings={"HUB_DATABASE_URL": url})
    assert code == 1
    assert "\ndifferent: 1 interval, 0 allocations, 0 pairs, 1 balance\n" in stdout
    assert (
        "\n  interval export of roof by the device, 2026-01-05T12:00:00Z: stored energy_wh 7, rebuilt energy_wh 40\n"
    ) in stdout
    assert "\n  balance valley, 2026-01-05T12:00:00Z: stored nothing, rebuilt consumption_wh 100, " in stdout
    assert stderr == (
        "hub recompute: 2 rows not equal to what the readings give; run `hub recompute --community valley --repair` to"
        " have their days computed again\n"
    )
    _, _, stderr = call_hub("recompute", "--repair", settings={"HUB_DATABASE_URL": url})
    assert "2 days will be computed again by `hub process`" in stderr
    assert "no community 'vally'" in refused("recompute", "--community", "vally", HUB_DATABASE_URL=url)
    assert "--since 'monday' is not a day" in refused("recompute", "--since", "monday", HUB_DATABASE_URL=url)


def test_only_what_is_asked_for_is_compared(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    whole = recompute(url)[1]["compared"]
    tamper(connection, "UPDATE interval SET energy_wh = 7 WHERE flow = 'export' AND start = %(at)s")
    assert recompute(url, "--since", f"{SECOND:%Y-%m-%d}")[0] == 0
    assert recompute(url, "--since", f"{DAY:%Y-%m-%d}")[0] == 1
    code, hill = recompute(url, "--community", "hill")
    assert (code, hill["compared"]["balance"]) == (0, DAYS * 24)
    code, part = recompute(url, "--community", "valley")
    assert code == 1
    assert {kind: part["compared"][kind] + hill["compared"][kind] for kind in whole} == whole
    last = recomputation.read_last(connection)
    assert last is not None
    assert last.compared == sum(whole.values()), "the last check of everything"


def test_what_waits_is_left_out_and_told(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    append(connection, register("home", [110 * QUARTERS + 60], SECOND + timedelta(minutes=7)))
    tamper(connection, "UPDATE balance SET surplus_wh = 999 WHERE community_no = 1 AND start = %(at)s", SECOND + HOUR)
    code, found = recompute(url)
    assert (code, found["waiting_days"]) == (0, 6), (
        "the days beside it too, to which the change can reach; and their balances"
    )
    _, stdout, _ = call_hub("recompute", settings={"HUB_DATABASE_URL": url})
    assert "\nleft out: 6 days of points and communities that wait to be computed\n" in stdout
    process(url)
    assert recompute(url)[1]["waiting_days"] == 0


def test_what_is_frozen_is_left_out_and_told(valley: tuple[str, psycopg.Connection]) -> None:
    """Balances after what is frozen of their members are made of what is kept, whose readings are gone."""
    url, connection = valley
    before = SECOND + 6 * HOUR
    connection.execute("UPDATE point SET frozen_before = %s", [before])
    connection.execute("DELETE FROM reading WHERE at < %s", [SECOND])
    connection.execute("DELETE FROM curve WHERE start < %s", [SECOND])
    assert recompute(url)[0] == 0
    connection.execute("UPDATE community SET frozen_before = %s WHERE id = 'valley'", [SECOND])
    tamper(connection, "UPDATE balance SET surplus_wh = 999 WHERE community_no = 1 AND start = %(at)s")
    tamper(connection, "UPDATE interval SET energy_wh = 999 WHERE source = 'operator' AND start = %(at)s")
    assert recompute(url)[0] == 0
    _, stdout, _ = call_hub("recompute", settings={"HUB_DATABASE_URL": url})
    assert "\nleft out: what is kept as it is, community valley and 4 more (before 2026-01-06T00:00:00Z)\n" in stdout
    tamper(connection, "UPDATE balance SET surplus_wh = 999 WHERE start = %(at)s", before)
    assert counts(recompute(url)[1]) == (0, 0, 2)


def test_days_that_two_keys_share_are_told_and_the_others_compared(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    connection.execute(
        'INSERT INTO sharing_key VALUES (1, \'{"type": "prorata"}\', %s, %s)', [SECOND, SECOND + timedelta(days=1)]
    )
    assert counts(recompute(url)[1]) == (0, 2 * QUARTERS, QUARTERS)


def test_a_piece_is_read_in_one_moment(valley: tuple[str, psycopg.Connection]) -> None:
    url, connection = valley
    scope, found = Scope(points_at_once=1), Findings()
    (piece,) = read_pieces(url, connection, scope)
    steps = check_piece(url, connection, scope, piece, found)
    next(steps)
    append(connection, register("home", [55], DAY + timedelta(minutes=7)))
    apply(connection, TERRITORY.replace('name = "Hut"', 'name = "Hut"\nrole = "producer"'))
    process(url)
    tamper(connection, "DELETE FROM balance WHERE community_no = 1 AND start = %(at)s")
    assert len([*steps]) == 5, "four points and two communities, one at a step"
    assert found.counts[1:] == (0, 0)
    assert counts(recompute(url)[1]) == (0, 0, 1)


@pytest.fixture
def laws(migrated_url: str) -> Iterator[tuple[str, psycopg.Connection, Worker]]:
    with worker_on(migrated_url) as (connection, worker):
        apply(connection, test_worker_laws.TERRITORY)
        yield migrated_url, connection, worker


@pytest.mark.slow
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(delivery=test_worker_laws.deliveries(), days=st.sampled_from([1, 2, 7]), points=st.integers(1, 3))
def test_nothing_differs_at_any_moment_whatever_comes_and_however_it_is_cut(
    laws: tuple[str, psycopg.Connection, Worker], delivery: test_worker_laws.Delivery, days: int, points: int
) -> None:
    url, connection, worker = laws
    connection.execute(FORGET_ALL)
    scope = Scope(days_at_once=days, points_at_once=points)
    for place, (batch, worked) in enumerate(zip(delivery.batches, delivery.worked, strict=True)):
        append(connection, batch)
        if worked:
            worker.work_once()
        if place % 3 == 0:
            assert check(url, scope).first == []
    exhaust(worker)
    found = check(url, scope)
    rows = {kind: len(table) for kind, table in stored(connection).items()}
    assert (found.first, found.waiting) == ([], 0)
    assert found.counts[0] == sum(rows[kind] for kind in COMPARED)
