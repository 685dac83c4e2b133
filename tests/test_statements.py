"""Monthly statements on a real database: made by the worker of what was settled, and made anew when that changes."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import psycopg
import pytest

from processing.statements import StatementMaker
from store import spans, statements
from store.connect import FrameReader
from store.erasure import forget_rest
from store.queries import statement
from tests.conftest import AskForTemplate
from tests.grafana_viewer import viewer_of
from tests.metering import apply, exhaust
from tests.priced import PRICED, make_all, marked
from tests.servers import Postgres
from tests.settled import JANUARY, LATER, Valley, month_template, whole_month

JANUARY_MONTH: Final = date(2026, 1, 1)
NOTHING: Final = (None, None, None, None)
WORTH: Final[dict[str, tuple[Decimal | None, ...]]] = {
    "flat": (Decimal("6.3328"), None, Decimal("5.952"), Decimal("14.88")),
    "home": (Decimal("6.3328"), None, Decimal("5.952"), Decimal("14.88")),
    "roof": (None, Decimal("11.904"), None, None),
}
"""744 hours, of which each has 80 Wh for either member: 59.52 kWh, of (0.25 - 0.10 - 0.01) EUR each, less 2 EUR; the
roof sells 119.04 kWh at 0.10 EUR and has nothing left."""


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with whole_month(database_server, template) as valley:
        yield valley


def worth(connection: psycopg.Connection) -> dict[str, tuple[Decimal | None, ...]]:
    rows = connection.execute(
        "SELECT coalesce(p.id, 'gone'), saving_eur, revenue_eur, local_value_eur, retail_value_eur"
        " FROM statement LEFT JOIN point AS p ON p.no = point_no WHERE month = %s",
        [JANUARY_MONTH],
    )
    return {point: tuple(eur) for point, *eur in rows}


def equity(connection: psycopg.Connection, columns: str) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    rows = connection.execute(f"SELECT period, group_kind, group_name, {columns} FROM equity".encode())
    return {(period, kind, name): tuple(rest) for period, kind, name, *rest in rows}


def test_what_is_settled_is_marked_and_waits_for_a_pause(valley: Valley) -> None:
    url, connection, _ = valley
    assert set(marked(connection)) >= {(JANUARY_MONTH, False)}
    assert spans.count(connection) == (0, 0), "nobody waits for statements"
    with closing(StatementMaker(url, connection)) as maker:
        assert not maker.step()
    assert worth(connection) == {}


def test_without_a_tariff_there_is_energy_and_no_euro(valley: Valley) -> None:
    make_all(valley)
    assert worth(valley[1]) == dict.fromkeys(WORTH, NOTHING)
    (energy,) = valley[1].execute(
        "SELECT sum(import_wh), sum(allocated_wh), sum(sold_wh), sum(surplus_wh) FROM statement WHERE month = %s",
        [JANUARY_MONTH],
    )
    assert energy == (744 * 640, 744 * 160, 744 * 160, 0)
    assert marked(valley[1]) == []


def test_a_tariff_makes_the_statements_anew(valley: Valley) -> None:
    make_all(valley)
    assert apply(valley[1], PRICED)
    make_all(valley)
    assert worth(valley[1]) == WORTH
    assert apply(valley[1], PRICED) == [], "nothing differs from what is stored"
    assert apply(valley[1], PRICED.replace("0.25", '"0.260000"'))
    make_all(valley)
    assert worth(valley[1])["home"][0] == Decimal("6.9280")


def test_what_comes_late_changes_the_statement(valley: Valley) -> None:
    _, connection, worker = valley
    apply(connection, PRICED)
    make_all(valley)
    connection.execute(
        "UPDATE interval SET energy_wh = 5 FROM point AS p WHERE p.no = point_no AND p.id = 'home'"
        " AND start >= '2026-01-10T10:00Z' AND start < '2026-01-10T11:00Z'"
    )
    with connection.transaction():
        spans.mark(connection, "community", [(1, date(2026, 1, 10))])
    exhaust(worker)
    make_all(valley)
    assert worth(connection)["home"] == (Decimal("6.3244"), None, Decimal("5.946"), Decimal("14.865")), "60 Wh less"
    assert worth(connection)["roof"][1] == Decimal("11.901"), "60 Wh are surplus, for half the price"


def test_what_comes_while_a_statement_is_made_is_not_forgotten(valley: Valley) -> None:
    url, connection, _ = valley
    make_all(valley)
    statements.mark(connection, 1, JANUARY)
    connection.execute("UPDATE statement_due SET due_at = now()")
    with connection.transaction():
        due = statements.claim(connection)
        assert due is not None
        with psycopg.connect(url, autocommit=True) as other, other.transaction():
            assert statements.claim(other) is None, "one worker at a time"
            statements.mark(other, 1, JANUARY)
        statements.unmark(connection, due)
    assert marked(connection) == [(JANUARY_MONTH, False)]


def test_equity_is_by_month_season_and_year_and_by_group(valley: Valley) -> None:
    _, connection, _ = valley
    grouped = PRICED.replace('name = "Flat"', 'name = "Flat"\ngroups = ["tenants"]').replace(
        '{ id = "dupont" }', '{ id = "dupont", kind = "public" }'
    )
    apply(connection, grouped)
    make_all(valley)
    found = equity(connection, "members, jain, gini, min_max, round(parity::numeric, 6), saving_eur")
    periods = {period for period, *_ in found}
    assert periods >= {"2026-01", "2026-winter", "2026"}
    all_of_them = (2, 1.0, 0.0, 1.0, Decimal(1), Decimal("12.6656"))
    assert found["2026-01", "all", ""] == all_of_them
    assert found["2026-winter", "all", ""][:4] == all_of_them[:4]
    tenants, public = found["2026-01", "group", "tenants"], found["2026-01", "group", "public"]
    # Each has half of what was shared; the flat takes 240 of 640 Wh in an hour, the home 400.
    assert (tenants[4], public[4]) == (Decimal("1.333333"), Decimal("0.8"))
    assert set(found) >= {("2026", "category", "home")}
    assert ("2026-01", "category", "school") not in found, "a roof that withdraws nothing is nobody to be fair to"
    apply(connection, PRICED)
    make_all(valley)
    assert not any(kind == "group" for _, kind, _ in equity(connection, "members"))


def test_one_that_fails_is_set_aside_and_tried_again(valley: Valley) -> None:
    _, connection, _ = valley
    apply(connection, PRICED)
    connection.execute('UPDATE tariff SET rule = rule || \'{"local_eur_per_kwh": "much"}\'')
    assert make_all(valley)
    waiting = spans.read_waiting(connection)
    first = waiting[0]
    assert (first.kind, first.what, first.day, first.attempts) == ("statement", "valley", date(2025, 12, 1), 1)
    assert "ConversionSyntax" in (first.error or "")
    assert spans.count(connection) == (len(waiting), len(waiting))
    connection.execute('UPDATE tariff SET rule = rule || \'{"local_eur_per_kwh": "0.10"}\'')
    assert spans.retry_now(connection) == len(waiting)
    assert make_all(valley)
    assert worth(connection) == WORTH
    assert spans.count(connection) == (0, 0)


def test_who_is_forgotten_is_in_no_statement_and_in_no_equity(valley: Valley) -> None:
    _, connection, worker = valley
    apply(connection, PRICED)
    make_all(valley)
    forget_rest(connection, "dupont", None, LATER, 0)
    assert worth(connection).keys() == {"flat", "roof"}
    exhaust(worker)
    make_all(valley)
    assert worth(connection) == {name: eur for name, eur in WORTH.items() if name != "home"}
    assert equity(connection, "members")["2026-01", "all", ""] == (1,)


def test_what_is_gone_for_its_age_is_not_made_anew_from_the_rest(valley: Valley) -> None:
    _, connection, _ = valley
    apply(connection, PRICED)
    make_all(valley)
    old = {"community_no": 1, "before": datetime(2026, 1, 20, tzinfo=UTC), "most": 10**6}
    connection.execute("UPDATE community SET frozen_before = %(before)s", old)
    for name in ("allocations_remove", "balances_remove", "settlements_remove"):
        connection.execute(statement(name), old)
    statements.mark(connection, 1, JANUARY)
    assert make_all(valley) == 1
    assert worth(connection) == WORTH
    connection.execute(statement("settlements_remove"), {**old, "before": LATER})
    assert worth(connection) == {}
    assert ("2026-01", "all", "") not in equity(connection, "members")


def test_they_are_read_with_their_exact_euros(valley: Valley) -> None:
    url, connection, _ = valley
    apply(connection, PRICED)
    make_all(valley)
    with closing(FrameReader(url)) as reader:
        rows = statements.read_statements(reader, connection, 1, JANUARY_MONTH, date(2026, 2, 1))
        none = statements.read_statements(reader, connection, 1, date(2030, 1, 1), date(2030, 2, 1))
        fair = statements.read_equity(reader, connection, 1, "season", JANUARY_MONTH, date(2026, 2, 1))
    assert rows.select("point", "saving_eur", "revenue_eur").rows() == [
        ("flat", Decimal("6.332800000"), None),
        ("home", Decimal("6.332800000"), None),
        ("roof", None, Decimal("11.904000000")),
    ]
    assert none.is_empty()
    assert none.schema == rows.schema
    assert set(fair["period"]) == {"2026-winter"}


def test_a_viewer_sees_sums_and_nobody_of_two(valley: Valley) -> None:
    """With two members the equity of all of them would tell either of the other; with three it is seen."""
    url, connection, _ = valley
    apply(connection, PRICED)
    make_all(valley)
    with viewer_of(url, ["valley"]) as seen:
        worth = seen.connection.execute(
            "SELECT saving_eur, revenue_eur, local_value_rate FROM shown.value WHERE start = %s", [JANUARY.start]
        )
        assert worth.fetchall() == [(Decimal("12.6656"), Decimal("11.904"), 0.4)]
        assert seen.connection.execute("SELECT FROM shown.equity").fetchall() == []
        connection.execute("UPDATE equity SET members = 3 WHERE period = '2026-01' AND group_kind = 'category'")
        assert seen.connection.execute("SELECT community, group_name, members FROM shown.equity").fetchall() == [
            ("valley", "home", 3)
        ]
