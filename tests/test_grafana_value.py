"""Value and equity as Grafana shows them: of which months and periods, to whom, and never of one or two members."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
import pytest

from dashboards.panels import read_sql
from energy.time import PARIS, Span, local_day, local_month
from tests.grafana_viewer import Viewer, viewer_of

REUNION: Final = ZoneInfo("Indian/Reunion")
MINE: Final = ["hill", "island"]
EVERY: Final = [*MINE, "hidden"]

FILLED: Final = """
    INSERT INTO community (id, name, place, zone, step_min, simulated) VALUES
        ('hill', 'Hill', 'There', 'Europe/Paris', 15, true),
        ('island', 'Island', 'There', 'Indian/Reunion', 15, true),
        ('hidden', 'Hidden', 'Elsewhere', 'Europe/Paris', 15, true);
    INSERT INTO statement
    SELECT
        c.no, m.month, p.no, 900, p.allocated_wh, NULL, NULL,
        p.saving_eur, NULL, p.local_value_eur, p.retail_value_eur, p.present, 2976
    FROM (VALUES (1, 500, 1.10, 2, 3, 2976), (2, 400, -0.20, 1, 2, 1488)) AS p
        (no, allocated_wh, saving_eur, local_value_eur, retail_value_eur, present)
    CROSS JOIN community AS c
    CROSS JOIN (
        VALUES ('2024-12-01'::date), ('2025-01-01'), (date_trunc('month', now() + '1 day'::interval)::date)
    ) AS m (month);
    UPDATE statement SET saving_eur = NULL WHERE month = '2024-12-01' AND point_no = 2;
    INSERT INTO statement
    SELECT no, '2025-01-01', 3, NULL, NULL, 600, 300, NULL, 0.075, NULL, NULL, 2000, NULL FROM community;
    INSERT INTO equity
    SELECT c.no, e.kind, e.period, e.first_month::date, e.last_month::date, e.group_kind, e.group_name, e.members,
        1800, 900, NULL, 0.9, 0.1, 0.5, 0.2, 0.95, 1
    FROM (VALUES
        ('month', '2024-12', '2024-12-01', '2024-12-01', 'all', '', 5),
        ('month', '2025-01', '2025-01-01', '2025-01-01', 'group', 'public', 3),
        ('month', '2025-01', '2025-01-01', '2025-01-01', 'category', 'shop', 2),
        ('month', '2025-01', '2025-01-01', '2025-01-01', 'category', 'home', 3),
        ('month', '2025-01', '2025-01-01', '2025-01-01', 'all', '', 5),
        ('season', '2025-winter', '2024-12-01', '2025-01-01', 'all', '', 5),
        ('year', '2025', '2025-01-01', '2025-01-01', 'all', '', 5),
        ('year', '2026', '2026-01-01', '9999-12-01', 'all', '', 5)
    ) AS e (kind, period, first_month, last_month, group_kind, group_name, members)
    CROSS JOIN community AS c
"""
"""Of each community two months that are over and one that is not; two members, and in one month a producer."""


@pytest.fixture
def viewer(migrated_url: str) -> Iterator[Viewer]:
    """A viewer of `hill` and `island`."""
    with psycopg.connect(migrated_url, autocommit=True) as owner:
        owner.execute(FILLED)
    with viewer_of(migrated_url, MINE) as viewer:
        yield viewer


def day(*parts: int, zone: ZoneInfo = PARIS) -> Span:
    return local_day(date(*parts), zone)


@pytest.mark.parametrize(
    ("why", "span", "expected"),
    [
        ("a day of a month", day(2025, 1, 15), ["hill 2025-01", "island 2025-01"]),
        ("its last day, on the island the next month too", day(2025, 1, 31), ["hill 2025-01", "island 2025-01"]),
        ("a year", Span(datetime(2024, 12, 15, tzinfo=UTC), datetime(2025, 12, 15, tzinfo=UTC)),
         ["hill 2025-01", "island 2025-01", "hill 2024-12", "island 2024-12"]),
        ("before all", day(2024, 11, 1), []),
        ("the month that runs", Span(datetime.now(UTC) - timedelta(minutes=1), datetime.now(UTC)), []),
    ],
)  # fmt: skip
def test_value_of_the_months_that_the_range_touches(
    viewer: Viewer, *, why: str, span: Span, expected: list[str]
) -> None:
    rows = viewer.ask(read_sql("value"), EVERY, span).rows
    assert [f"{row[0]} {row[1]}" for row in rows] == expected, why


def test_value_is_in_sums_and_not_known_where_it_is_not_of_all(viewer: Viewer) -> None:
    assert viewer.ask(read_sql("value"), ["hill"], day(2025, 1, 15)).one() == {
        "community": "hill",
        "month": "2025-01",
        "saving_eur": Decimal("0.90"),
        "revenue_eur": Decimal("0.075"),
        "local_value_rate": 0.6,
        "completeness": 0.75,
    }
    row = viewer.ask(read_sql("value"), ["hill"], day(2024, 12, 15)).one()
    assert (row["saving_eur"], row["revenue_eur"], row["local_value_rate"]) == (None, None, 0.6)


@pytest.mark.parametrize(
    ("why", "span", "expected"),
    [
        ("a day of a month: it, its season and its year", day(2025, 1, 15),
         ["2025-01 all", "2025-01 category home", "2025-01 group public", "2025 all", "2025-winter all"]),
        ("the month before: another year, the same season", day(2024, 12, 15), ["2024-12 all", "2025-winter all"]),
        ("after the last month, within the season and the year", day(2025, 2, 28), ["2025 all", "2025-winter all"]),
        ("after the season", day(2025, 3, 1), ["2025 all"]),
        ("the last day of the year", day(2025, 12, 31), ["2025 all"]),
        ("a year that is not over", day(2026, 1, 1), []),
        ("before all", day(2024, 11, 30), []),
    ],
)  # fmt: skip
def test_equity_of_the_periods_that_the_range_touches(
    viewer: Viewer, *, why: str, span: Span, expected: list[str]
) -> None:
    answer = viewer.ask(read_sql("equity"), ["hill", "hidden"], span)
    columns = (answer.column(name) for name in ("period", "group_kind", "group_name"))
    assert [" ".join(row).strip() for row in zip(*columns, strict=True)] == expected, why
    assert set(answer.column("community")) <= {"hill"}
    assert all(members >= 3 for members in answer.column("members"))


def test_periods_are_those_of_each_community(viewer: Viewer) -> None:
    """On the island January is over three hours earlier."""
    last_hour = Span(
        local_month(date(2025, 1, 1), PARIS).end - timedelta(hours=1), local_day(date(2025, 1, 31), PARIS).end
    )
    both = viewer.ask(read_sql("equity"), EVERY, last_hour)
    months = zip(both.column("community"), both.column("period_kind"), strict=True)
    assert {community for community, kind in months if kind == "month"} == {"hill"}
