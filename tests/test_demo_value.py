"""What sharing is worth in the demo: every community has a price at all times, and what it prints shows figures."""

import shlex
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest

from energy.territory import parse_territory
from energy.time import PARIS, Span, local_midnight
from energy.validity import FOREVER
from hub.cli import parser
from hub.demo.run import BACKFILL
from hub.demo.said import result_lines, value_command
from hub.demo.territory import territory_text
from processing.statements import StatementMaker
from store import statements
from store.connect import connect
from tests.metering import apply

TEXT: Final = territory_text(date(2026, 11, 23))
COUNTS: Final = {"messages": 10, "readings": 20, "rejected": 1, "lost": 0, "duplicated": 0, "seconds": 1.5}
BALANCE: Final = {"production_kwh": 60.7, "consumption_kwh": 202.4, "allocated_kwh": 45.9, "status": "settled"}
JANUARY: Final = Span(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))


def test_every_community_has_a_tariff_from_early_2025_on() -> None:
    territory = parse_territory(TEXT, "territory.toml of the demo")
    for community in territory.communities:
        tariffs = [version.tariff for version in territory.tariffs if version.community == community.id]
        dates = [tariff.validity for tariff in tariffs]
        assert dates[0].valid_from <= local_midnight(date(2025, 2, 1), PARIS), community.id
        assert all(one.valid_to == following.valid_from for one, following in pairwise(dates)), community.id
        assert dates[-1].valid_to == FOREVER
        for tariff in tariffs:
            assert tariff.retail_eur_per_kwh > tariff.local_eur_per_kwh + tariff.fees_eur_per_kwh
            assert tariff.local_eur_per_kwh > tariff.surplus_eur_per_kwh
            assert tariff.fees_eur_per_month == 0, "it would be whole in a month of which the demo has a week"


@pytest.mark.parametrize(
    ("why", "until", "months"),
    [
        ("a week within a month", datetime(2026, 11, 23, 9, tzinfo=UTC), ("2026-11", None)),
        ("a week of two", datetime(2026, 11, 3, 9, tzinfo=UTC), ("2026-10", "2026-11")),
        ("by the local calendar", datetime(2026, 10, 31, 23, 30, tzinfo=UTC), ("2026-10", "2026-11")),
    ],
)
def test_the_command_that_it_prints_names_the_months_of_the_week(
    why: str, until: datetime, months: tuple[str, str | None]
) -> None:
    _, *words = shlex.split(value_command("concarneau", Span(until - BACKFILL, until)))
    asked = parser().parse_args(words)
    assert (asked.command, asked.community, (asked.first, asked.last)) == ("value", "concarneau", months), why


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ({"saving_eur": "3.0145", "revenue_eur": "6.55"}, "members saved 3.01 EUR, producers earned 6.55 EUR"),
        ({"saving_eur": None, "revenue_eur": None}, "its worth in EUR is not known"),
        (None, "its worth in EUR is not known"),
    ],
)
def test_its_one_day_is_told_with_what_it_is_worth(totals: dict[str, Any] | None, expected: str) -> None:
    said = result_lines({**COUNTS, "balance": {"prats": BALANCE}, "value": {"prats": totals}}).splitlines()
    assert said == [
        "10 messages, 20 readings stored, 1 refused, 0 lost, 0 duplicated, 1.5 s",
        f"prats: produced 60.7 kWh, consumed 202.4 kWh, shared 45.9 kWh (settled); {expected}",
    ]


def test_what_waits_for_its_statement_is_made_at_once_but_what_failed_keeps_its_pause(migrated_url: str) -> None:
    with connect(migrated_url) as connection:
        apply(connection, TEXT)
        for community_no in (1, 2):
            statements.mark(connection, community_no, JANUARY)
        maker = StatementMaker(migrated_url, connection)
        try:
            assert not maker.step(), "nothing is due before the pause is over"
            connection.execute(
                "UPDATE statement_due SET error = 'broken', due_at = now() + %s WHERE community_no = 2",
                [timedelta(hours=1)],
            )
            assert statements.hasten(connection) == 1
            assert maker.step()
            assert (statements.hasten(connection), maker.step()) == (0, False)
        finally:
            maker.close()
        assert connection.execute("SELECT community_no FROM statement_due").fetchall() == [(2,)]
