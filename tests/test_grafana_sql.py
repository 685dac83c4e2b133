"""The dashboard's SQL on a real database, as a viewer: what each panel is given, over which range, and for whom."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
import pytest

from dashboards.grafana import community_dashboard
from dashboards.panels import read_sql
from energy.time import PARIS, Span, local_day
from tests.grafana_queries import targets
from tests.grafana_viewer import Viewer, viewer_of

REUNION: Final = ZoneInfo("Indian/Reunion")
MOUNTAIN, ISLAND, HIDDEN = "mountain", "l'île", "hidden"
PLAIN_DAY, SPRING_DAY, AUTUMN_DAY = date(2025, 1, 15), date(2026, 3, 29), date(2026, 10, 25)
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000

RANGES: Final = {
    "a day": local_day(PLAIN_DAY, PARIS),
    "the day of 23 hours": local_day(SPRING_DAY, PARIS),
    "the day of 25 hours": local_day(AUTUMN_DAY, PARIS),
    "a year": Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    "a range with milliseconds": Span(
        datetime(2025, 1, 14, 9, 0, 0, 123_000, UTC), datetime(2025, 1, 15, 9, 0, 0, 456_000, UTC)
    ),
    "a range before any data": local_day(date(2001, 1, 1), PARIS),
    "an empty range": Span(datetime(2025, 1, 15, 12, tzinfo=UTC), datetime(2025, 1, 15, 12, tzinfo=UTC)),
}
CHOICES: Final = {
    "one": [MOUNTAIN],
    "a quote in the name": [ISLAND],
    "several": [MOUNTAIN, ISLAND],
    "all, even what one may not see": [MOUNTAIN, ISLAND, HIDDEN],
    "nothing": [],
    "an attack": ["x']) OR true --", '"'],
}

# Two communities of the viewer and one of somebody else. Every row of `mountain` holds 1 kWh consumed, 0.4 kWh
# produced, 0.3 kWh shared. On the plain day its last hour is absent, two hours are provisional, half an hour estimated.
COMMUNITIES: Final = """
    INSERT INTO community (id, name, place, zone, step_min, simulated) VALUES
        ('mountain', 'Mountain', 'Prats-de-Mollo', 'Europe/Paris', 15, true),
        ('l''île', 'Island', 'Saint-Denis', 'Indian/Reunion', 30, true),
        ('hidden', 'Island', 'Elsewhere', 'Europe/Paris', 15, true)
"""
MEMBERS: Final = Path(__file__).parent / "data" / "grafana" / "members.sql"
BALANCE: Final = """
    INSERT INTO balance
    SELECT
        c.no, start, %(consumption_wh)s, %(production_wh)s, %(allocated_wh)s,
        %(consumption_wh)s - %(allocated_wh)s, %(production_wh)s - %(allocated_wh)s,
        4, 4, 0, true
    FROM community AS c
    CROSS JOIN generate_series(
        %(start)s::timestamptz, %(end)s::timestamptz - INTERVAL '1 second', c.step_min * INTERVAL '1 minute'
    ) AS start
    WHERE c.id = %(community)s
"""
CHANGES: Final = (
    "DELETE FROM balance WHERE community_no = 1 AND start >= '2025-01-15 22:00Z' AND start < '2025-01-15 23:00Z'",
    """UPDATE balance SET settled = false, present = 3, quality = 10
       WHERE community_no = 1 AND start >= '2025-01-15 10:00Z' AND start < '2025-01-15 12:00Z'""",
    """UPDATE balance SET quality = 8
       WHERE community_no = 1 AND start >= '2025-01-15 12:00Z' AND start < '2025-01-15 12:30Z'""",
)


@pytest.fixture
def filled_url(migrated_url: str) -> str:
    """Address of a database with the three communities and their balances."""
    mountain = {"community": MOUNTAIN, "consumption_wh": 1000, "production_wh": 400, "allocated_wh": 300}
    island = {"community": ISLAND, "consumption_wh": 500, "production_wh": 0, "allocated_wh": 0}
    days = [
        (mountain, PLAIN_DAY, PARIS),
        (mountain, SPRING_DAY - timedelta(days=1), PARIS),
        (mountain, SPRING_DAY, PARIS),
        (mountain, AUTUMN_DAY, PARIS),
        (mountain | {"community": HIDDEN}, PLAIN_DAY, PARIS),
        (island, PLAIN_DAY, REUNION),
    ]
    with psycopg.connect(migrated_url, autocommit=True) as owner:
        owner.execute(COMMUNITIES)
        owner.execute(MEMBERS.read_bytes())
        for values, day, zone in days:
            span = local_day(day, zone)
            owner.execute(BALANCE, values | {"start": span.start, "end": span.end})
        for change in CHANGES:
            owner.execute(change)
    return migrated_url


@pytest.fixture
def viewer(filled_url: str) -> Iterator[Viewer]:
    """A viewer of `mountain` and `l'île`."""
    with viewer_of(filled_url, [MOUNTAIN, ISLAND]) as viewer:
        yield viewer


def test_every_query_runs_over_every_range_and_choice(viewer: Viewer) -> None:
    for target in targets(community_dashboard()):
        for span in RANGES.values():
            for communities in CHOICES.values():
                for interval_ms in (MINUTE_MS, 6 * HOUR_MS):
                    answer = viewer.ask(target.sql, communities, span, interval_ms)
                    if target.time_series:
                        times = answer.column("time")
                        assert times == sorted(set(times))
                        assert all(span.start <= at < span.end for at in times)


def test_every_panel_is_given_the_fields_it_shows(viewer: Viewer) -> None:
    for panel in community_dashboard()["panels"]:
        (target,) = panel["targets"]
        answer = viewer.ask(target["rawSql"], [MOUNTAIN, ISLAND], RANGES["a day"])
        assert answer.rows, panel["title"]
        assert set(panel["transformations"][0]["options"]["include"]["names"]) <= set(answer.names)
        for override in panel["fieldConfig"]["overrides"]:
            values = answer.column(override["matcher"]["options"])
            unit = next(entry["value"] for entry in override["properties"] if entry["id"] == "unit")
            accepted = (str, bool) if unit == "string" else (int, float, Decimal)
            assert any(value is not None for value in values)
            assert all(value is None or isinstance(value, accepted) for value in values)


def test_variable_offers_the_communities_of_the_viewer(viewer: Viewer) -> None:
    answer = viewer.ask(read_sql("communities"), [], RANGES["a day"])
    assert answer.names == ("__value", "__text")
    assert answer.rows == [(ISLAND, "Island (l'île)"), (MOUNTAIN, "Mountain (mountain)")]


def test_sums_and_rates_of_a_day(viewer: Viewer) -> None:
    row = viewer.ask(read_sql("period"), [MOUNTAIN], RANGES["a day"]).one()
    assert row == {
        "consumption_kwh": 92,  # 96 quarter-hours less the absent hour
        "production_kwh": Decimal("36.8"),
        "allocated_kwh": Decimal("27.6"),
        "residual_kwh": Decimal("64.4"),
        "surplus_kwh": Decimal("9.2"),
        "self_consumption_rate": Decimal("0.75"),
        "self_sufficiency_rate": Decimal("0.3"),
        "coverage_rate": Decimal("0.4"),
        "completeness": pytest.approx(Decimal(84 * 4 + 8 * 3) / (96 * 4)),  # the absent hour is awaited too
        "provisional": 8,
        "absent": 4,
    }


def test_rates_of_several_communities_are_ratios_of_sums(viewer: Viewer) -> None:
    row = viewer.ask(read_sql("period"), [MOUNTAIN, ISLAND], local_day(PLAIN_DAY, REUNION)).one()
    # The island's day begins and ends three hours before the mainland's: 84 quarter-hours, and 48 half-hours.
    assert row["consumption_kwh"] == 84 + 24
    assert row["self_sufficiency_rate"] == pytest.approx(Decimal("25.2") / 108)
    assert row["absent"] == 3 * 4


def test_rates_are_null_where_there_is_nothing_to_divide_by(viewer: Viewer) -> None:
    row = viewer.ask(read_sql("period"), [ISLAND], local_day(PLAIN_DAY, REUNION)).one()
    assert (row["production_kwh"], row["self_consumption_rate"]) == (0, None)
    assert (row["consumption_kwh"], row["self_sufficiency_rate"], row["coverage_rate"]) == (24, 0, 0)
    nothing = viewer.ask(read_sql("period"), [MOUNTAIN], local_day(date(2025, 2, 1), PARIS)).one()
    assert (nothing["consumption_kwh"], nothing["coverage_rate"], nothing["completeness"]) == (None, None, 0)
    assert (nothing["provisional"], nothing["absent"]) == (0, 96)


@pytest.mark.parametrize(
    ("why", "communities", "span", "interval_ms", "expected"),
    [
        ("a day of quarter-hours", [MOUNTAIN], RANGES["a day"], MINUTE_MS, [(92, "0.3"), (4, None)]),
        ("in hours when wide", [MOUNTAIN], RANGES["a day"], HOUR_MS, [(23, "1.2"), (1, None)]),
        ("the coarser step counts", [MOUNTAIN, ISLAND], RANGES["a day"], MINUTE_MS, [(46, "0.6"), (2, None)]),
        ("a day of 23 hours", [MOUNTAIN], RANGES["the day of 23 hours"], MINUTE_MS, [(92, "0.3")]),
        ("a day of 25 hours", [MOUNTAIN], RANGES["the day of 25 hours"], MINUTE_MS, [(100, "0.3")]),
        ("25 different hours", [MOUNTAIN], RANGES["the day of 25 hours"], HOUR_MS, [(25, "1.2")]),
        ("nothing known", [MOUNTAIN], RANGES["a range before any data"], HOUR_MS, [(24, None)]),
        ("no community", [], RANGES["a day"], MINUTE_MS, []),
        ("no time", [MOUNTAIN], RANGES["an empty range"], MINUTE_MS, []),
    ],
)
def test_energy_over_time(
    viewer: Viewer,
    *,
    why: str,
    communities: list[str],
    span: Span,
    interval_ms: int,
    expected: list[tuple[int, str | None]],
) -> None:
    values = viewer.ask(read_sql("energy_over_time"), communities, span, interval_ms).column("allocated_kwh")
    assert values == [None if value is None else Decimal(value) for times, value in expected for _ in range(times)], why


def test_days_are_local_days_as_long_as_they_are(viewer: Viewer) -> None:
    lengths = {}
    for name in ("a day", "the day of 23 hours", "the day of 25 hours"):
        row = viewer.ask(read_sql("days"), [MOUNTAIN], RANGES[name]).one()
        lengths[row["day"]] = (row["consumption_kwh"], row["settled"] + row["provisional"])
    assert lengths == {"2025-01-15": (92, 92), "2026-03-29": (92, 92), "2026-10-25": (100, 100)}


def test_a_day_counts_what_is_settled_estimated_questionable_and_absent(viewer: Viewer) -> None:
    row = viewer.ask(read_sql("days"), [MOUNTAIN], RANGES["a day"]).one()
    assert (row["settled"], row["provisional"], row["absent"]) == (84, 8, 4)
    assert (row["valid"], row["estimated"], row["questionable"]) == (82, 2, 8)


def test_what_is_awaited_and_absent_or_still_to_come_makes_a_day_and_a_period_incomplete(viewer: Viewer) -> None:
    known = 84 * 4 + 8 * 3
    two_days = Span(RANGES["a day"].start, RANGES["a day"].end + timedelta(days=1))
    answer = viewer.ask(read_sql("days"), [MOUNTAIN], two_days)
    assert answer.column("completeness") == [pytest.approx(Decimal(known) / (96 * 4)), 0]
    whole = viewer.ask(read_sql("period"), [MOUNTAIN], two_days).one()
    assert whole["completeness"] == pytest.approx(Decimal(known) / (2 * 96 * 4))
    autumn = viewer.ask(read_sql("days"), [MOUNTAIN, ISLAND], RANGES["the day of 25 hours"])
    assert autumn.column("completeness")[0] == 1, "of 100 quarter-hours"
    ahead = local_day(datetime.now(PARIS).date() + timedelta(days=30), PARIS)
    for name in ("days", "period"):
        assert viewer.ask(read_sql(name), [MOUNTAIN], ahead).one()["completeness"] == 0
    before = viewer.ask(read_sql("days"), [MOUNTAIN], local_day(date(2024, 12, 19), PARIS)).one()
    assert before["completeness"] is None, "nobody was a member, nothing is awaited"
    joined = Span(datetime(2024, 12, 19, 12, tzinfo=UTC), datetime(2024, 12, 20, 12, tzinfo=UTC))
    assert viewer.ask(read_sql("period"), [MOUNTAIN], joined).one()["completeness"] == 0


def test_residuals_of_the_months_that_the_range_touches(viewer: Viewer) -> None:
    for span in (RANGES["a day"], local_day(date(2025, 1, 31), PARIS), RANGES["a range with milliseconds"]):
        answer = viewer.ask(read_sql("residuals"), CHOICES["all, even what one may not see"], span)
        assert [" ".join(map(str, row[1:3] + row[-3:])) for row in answer.rows] == [
            "m2 import 2688 96 192",
            "m1 import 2686 96 194",
        ]
        assert [tuple(map(float, row[3:-3])) for row in answer.rows] == [
            (268.8, 215.04, -53.76, -0.2),
            (268.6, 282.03, 13.43, 0.05),
        ]
    assert viewer.ask(read_sql("residuals"), [MOUNTAIN], local_day(date(2025, 2, 1), PARIS)).rows == []
    assert viewer.ask(read_sql("residuals"), [HIDDEN], RANGES["a year"]).rows == []


def test_days_that_the_range_touches_are_whole_and_days_without_balance_are_empty(viewer: Viewer) -> None:
    noon_to_noon = Span(datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC))
    answer = viewer.ask(read_sql("days"), [MOUNTAIN], noon_to_noon)
    assert list(zip(answer.column("day"), answer.column("consumption_kwh"), strict=True)) == [
        ("2026-03-27", None),
        ("2026-03-28", 96),
        ("2026-03-29", 92),
    ]


def test_each_community_has_its_own_local_day(viewer: Viewer) -> None:
    island = viewer.ask(read_sql("days"), [ISLAND], local_day(PLAIN_DAY, REUNION)).one()
    assert (island["day"], island["consumption_kwh"], island["absent"]) == ("2025-01-15", 24, 0)
    both = viewer.ask(read_sql("days"), [MOUNTAIN, ISLAND], RANGES["a day"])
    # Until midnight in Paris it is already the next day on the island.
    assert list(zip(both.column("day"), both.column("consumption_kwh"), strict=True)) == [
        ("2025-01-15", 92 + 24),
        ("2025-01-16", None),
    ]


def test_nobody_sees_the_community_of_others(filled_url: str) -> None:
    with viewer_of(filled_url, [HIDDEN]) as stranger, viewer_of(filled_url, []) as nobody:
        for one in (stranger, nobody):
            for name in ("about", "days", "energy_over_time", "residuals"):
                assert one.ask(read_sql(name), [MOUNTAIN, ISLAND], RANGES["a day"]).rows == []
            row = one.ask(read_sql("period"), [MOUNTAIN, ISLAND], RANGES["a day"]).one()
            assert set(row.values()) == {None, 0}
        everything = CHOICES["all, even what one may not see"]
        assert stranger.ask(read_sql("about"), everything, RANGES["a day"]).column("place") == ["Elsewhere"]
        assert nobody.ask(read_sql("communities"), [], RANGES["a day"]).rows == []


def test_a_viewer_reads_views_and_nothing_else(viewer: Viewer) -> None:
    for statement in (b"SELECT * FROM public.balance", b"SELECT * FROM public.viewer", b"TABLE public.reading"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), viewer.connection.transaction():
            viewer.connection.execute(statement)


@pytest.mark.parametrize("name", ["period", "energy_over_time", "days", "residuals"])
def test_only_the_part_around_the_range_is_read(viewer: Viewer, name: str) -> None:
    with viewer.connection.transaction():
        viewer.connection.execute("SET LOCAL enable_seqscan = off")
        plan = viewer.ask("EXPLAIN " + read_sql(name), [MOUNTAIN], RANGES["a day"]).column("QUERY PLAN")
    bounds = [line for line in plan if "Index Cond" in line and "start >=" in line and "start <" in line]
    assert bounds, "\n".join(plan)
