"""Value: hand-worked numbers in EUR, bands and clock changes, and laws with a slow obvious twin."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.frames import INTERVALS, TRADED, UTC_TIME
from energy.keys import ProRataKey, StaticKey, Surplus
from energy.tariffs import EVERY_DAY, HIGHEST_EUR, Band, Tariff
from energy.time import PARIS, local_month
from energy.validity import FOREVER, FOREVER_AGO, Validity
from processing.sharing import share
from processing.value import STATED, VALUE, value, with_expected

Row = tuple[datetime, str, int | None, int | None, int, int | None]
"""Start, point, import_wh, export_wh, allocated_wh, surplus_wh."""
JANUARY: Final = datetime(2026, 1, 10, 11, tzinfo=UTC)
FLAT: Final = Tariff(Validity(), Decimal("0.25"), Decimal("0.12"), Decimal("0.01"), Decimal("1.5"), Decimal("0.06"))
NIGHT: Final = Band("night", time(22), time(6), EVERY_DAY, Decimal("0.18"), Decimal("0.10"))
BANDED: Final = Tariff(Validity(), Decimal("0.25"), Decimal("0.12"), bands=(NIGHT,))
D: Final = Decimal
AWAITED: Final = pl.Schema({"point": pl.String, "valid_from": UTC_TIME, "valid_to": UTC_TIME})


def traded(rows: Sequence[Row], kept_wh: int = 0) -> pl.DataFrame:
    return pl.DataFrame([(*row, kept_wh) for row in rows], TRADED, orient="row")


def at(text: str) -> datetime:
    """An instant by the clock of Paris, with an offset where it needs one."""
    local = datetime.fromisoformat(text)
    return (local if local.tzinfo else local.replace(tzinfo=PARIS)).astimezone(UTC)


def of_one(start: str, wh: int = 1000) -> Row:
    return (at(start), "a", wh, None, wh, None)


SAVED: Final[list[tuple[str, list[Tariff], list[Row], dict[str, tuple[str | None, str | None]]]]] = [
    ("3 kWh at 0.25 - 0.12 - 0.01, less 1.50 a month; the roof sold 3 and left 2 kWh", [FLAT],
        [(JANUARY, "a", 4000, None, 3000, None), (JANUARY, "pv", None, 5000, 0, 2000)],
        {"a": ("-1.14", None), "pv": (None, "0.48")}),
    ("the example of docs/indicators.md", [Tariff(Validity(), D("0.25"), D("0.12"), D("0.01"), D("0.20"), D("0.06"),
        (NIGHT,))],
        [(JANUARY, "a", 3000, None, 3000, None), (JANUARY, "pv", None, 6000, 0, 3000),
         (at("2026-01-10T23:00"), "a", 1000, None, 1000, None), (at("2026-01-10T23:00"), "pv", None, 1000, 0, 0)],
        {"a": ("0.23", None), "pv": (None, "0.64")}),
    ("a producer that consumes saves and earns", [FLAT],
        [(JANUARY, "a", 1000, 3000, 1000, 2000)], {"a": ("-1.38", "0.24")}),
    ("21:45 is day, 22:00 is night", [BANDED], [of_one("2026-01-10T21:45"), of_one("2026-01-10T22:00", 10_000)],
        {"a": ("0.93", None)}),
    ("so is 05:45 of the next day, and 06:00 is day", [BANDED],
        [of_one("2026-01-11T05:45", 10_000), of_one("2026-01-11T06:00")], {"a": ("0.93", None)}),
    ("a step of an hour has the price of its start", [Tariff(Validity(), D("0.25"), D("0.12"),
        bands=(Band("b", time(22, 30), time(6), EVERY_DAY, D("0.18")),))], [of_one("2026-01-10T22:00")],
        {"a": ("0.13", None)}),
    ("the price changes within the month; its fee is that of the first step",
        [Tariff(Validity(FOREVER_AGO, at("2026-01-11")), D("0.2"), D("0.1"), fees_eur_per_month=D(1)),
         Tariff(Validity(at("2026-01-11"), FOREVER), D("0.3"), D("0.1"), fees_eur_per_month=D(2))],
        [of_one("2026-01-11T00:00"), of_one("2026-01-10T23:45")], {"a": ("-0.7", None)}),
    ("so it is where a producer injected before it is known what it withdrew",
        [Tariff(Validity(FOREVER_AGO, at("2026-01-11")), D("0.2"), D("0.1"), fees_eur_per_month=D(1)),
         Tariff(Validity(at("2026-01-11"), FOREVER), D("0.3"), D("0.1"), fees_eur_per_month=D(2))],
        [(at("2026-01-10T23:45"), "a", None, 1000, 0, 1000), of_one("2026-01-11T00:00")], {"a": ("-1.8", "0")}),
    ("one step without a tariff, and nobody knows what the month is worth",
        [Tariff(Validity(at("2026-01-11"), FOREVER), D("0.2"), D("0.1"))],
        [of_one("2026-01-11T00:00"), of_one("2026-01-10T23:45")], {"a": (None, None)}),
    ("no tariff at all", [], [of_one("2026-01-11T00:00")], {"a": (None, None)}),
    ("what is not known is left out, and is not zero", [FLAT],
        [(JANUARY, "a", None, 400, 0, 400), (JANUARY, "b", 0, None, 0, None)],
        {"a": (None, "0.024"), "b": ("-1.5", None)}),
    ("a hundredth of a cent is not rounded away", [Tariff(Validity(), D("0.000001"), D(0))],
        [(JANUARY, "a", 1, None, 1, None)], {"a": ("0.000000001", None)}),
    ("at the limits", [Tariff(Validity(), HIGHEST_EUR, D(0), D(0), HIGHEST_EUR, HIGHEST_EUR)],
        [(JANUARY, "a", 10**12, 10**12, 10**12, 10**12)] , {"a": ("99999999900000", "100000000000000")}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "tariffs", "rows", "worth"), SAVED, ids=[row[0] for row in SAVED])
def test_worked_by_hand(
    why: str, tariffs: list[Tariff], rows: list[Row], worth: dict[str, tuple[str | None, str | None]]
) -> None:
    found = value(traded(rows), tariffs, PARIS)
    expected = {point: tuple(None if eur is None else D(eur) for eur in pair) for point, pair in worth.items()}
    assert {
        point: (saving, revenue) for point, saving, revenue in found.select("point", "saving_eur", "revenue_eur").rows()
    } == expected


def test_a_share_that_is_kept_is_paid_as_surplus_and_was_sold() -> None:
    """Two roofs of 500 Wh; 50 % to a, which uses 300, and 40 % to the first roof's owner, which uses 100."""
    key = StaticKey({"a": 500_000, "both": 400_000}, Surplus.TO_MEMBERS)
    rows = [(JANUARY, "a", 300, None), (JANUARY, "both", 100, 500), (JANUARY, "pv", None, 500)]
    shared = share(pl.DataFrame(rows, INTERVALS, orient="row"), key)
    found = value(shared.with_columns(kept_wh="unused_share_wh").select(TRADED.names()), [FLAT], PARIS)
    assert found.select("point", "sold_wh", "surplus_wh", "revenue_eur").rows() == [
        ("a", None, 200, D("0.012")),
        ("both", 450, 350, D("0.075")),  # 50 Wh of its own that nobody was offered, and 300 of its share
        ("pv", 450, 50, D("0.057")),
    ]


CLOCK_CHANGES: Final = [
    ("23 hours, of which 02:00 to 03:00 are none: 5 + 2 of night", "2026-03-29", 23, 5 + 2),
    ("25 hours, of which 02:00 to 03:00 are two: 7 + 2 of night", "2026-10-25", 25, 7 + 2),
    ("24 hours", "2026-10-24", 24, 6 + 2),
]


@pytest.mark.parametrize(("why", "day", "hours", "of_night"), CLOCK_CHANGES, ids=[row[1] for row in CLOCK_CHANGES])
def test_bands_follow_the_clock_when_it_changes(why: str, day: str, hours: int, of_night: int) -> None:
    steps = [at(day) + timedelta(minutes=30) * n for n in range(2 * hours)]
    found = value(traded([(start, "a", 500, None, 500, None) for start in steps]), [BANDED], PARIS)
    assert found["allocated_wh"].to_list() == [hours * 1000]
    assert found["saving_eur"].to_list() == [of_night * D("0.08") + (hours - of_night) * D("0.13")], why


def test_months_are_those_of_the_zone() -> None:
    rows = [of_one("2026-01-31T23:45"), of_one("2026-02-01T00:00")]
    assert value(traded(rows), [FLAT], PARIS)["month"].to_list() == ["2026-01", "2026-02"]
    assert value(traded(rows), [FLAT], ZoneInfo("Indian/Reunion"))["month"].to_list() == ["2026-02"]


def test_nothing_is_worth_nothing() -> None:
    assert value(TRADED.to_frame(), [FLAT], PARIS).equals(VALUE.to_frame())


MARCH: Final = local_month(at("2026-03-15").date(), PARIS)
HOUR: Final = timedelta(hours=1)
HOURS: Final = 31 * 24 - 1  # clocks go forward
EVER: Final = (FOREVER_AGO, FOREVER)
Awaited = tuple[str, datetime, datetime]
KNOWN: Final[list[tuple[str, timedelta, range, list[Awaited], dict[str, tuple[int, int | None]]]]] = [
    ("all of it", HOUR, range(HOURS), [("a", *EVER)], {"a": (HOURS, HOURS)}),
    ("half a month", HOUR, range(360), [("a", *EVER)], {"a": (360, HOURS)}),
    ("a gap", HOUR, range(0, HOURS, 2), [("a", *EVER)], {"a": (372, HOURS)}),
    ("steps of half an hour are twice as many", HOUR / 2, range(HOURS), [("a", *EVER)], {"a": (HOURS, 2 * HOURS)}),
    ("who joins on the 31st is whole with one day", HOUR, range(HOURS - 24, HOURS),
        [("a", at("2026-03-31"), FOREVER)], {"a": (24, 24)}),
    ("a step that begins before the membership is not awaited", HOUR, range(0),
        [("b", at("2026-03-31T00:30"), at("2026-03-31T03:30"))], {"a": (1, None), "b": (0, 2)}),
    ("a member of which nothing is known, withdrawals and injections", HOUR, range(HOURS),
        [("a", *EVER), ("b", *EVER), ("b", *EVER)], {"a": (HOURS, HOURS), "b": (0, 2 * HOURS)}),
    ("who was a member before and after, and not within", HOUR, range(HOURS),
        [("a", *EVER), ("b", FOREVER_AGO, MARCH.start), ("b", MARCH.end, FOREVER)], {"a": (HOURS, HOURS)}),
    ("what is kept of who is no member any more", HOUR, range(10), [], {"a": (10, None)}),
    ("more than is awaited by now is all of it", HOUR, range(10), [("a", MARCH.start, MARCH.start + 5 * HOUR)],
        {"a": (10, 10)}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "step", "hours", "awaited", "expected"), KNOWN, ids=[row[0] for row in KNOWN])
def test_how_much_of_the_month_is_known(
    why: str, step: timedelta, hours: range, awaited: list[Awaited], expected: dict[str, tuple[int, int | None]]
) -> None:
    rows: list[Row] = [(MARCH.start + hour * HOUR, "a", 1, None, 0, None) for hour in hours or range(1)]
    flows = pl.DataFrame(awaited, AWAITED, orient="row")
    found = with_expected(value(traded(rows), [FLAT], PARIS), flows, MARCH, step)
    assert {point: (present, due) for point, present, due in found.select("point", "present", "expected").rows()} == (
        expected
    ), why
    assert set(found["month"]) == {"2026-03"}


def test_flows_that_are_known_are_counted_each() -> None:
    rows: list[Row] = [(JANUARY, "a", 1000, 0, 0, 0), (JANUARY + HOUR, "a", None, 0, 0, 0)]
    assert value(traded(rows), [FLAT], PARIS)["present"].to_list() == [3]


def test_a_month_of_which_nothing_is_known_awaits_nothing() -> None:
    none = value(TRADED.to_frame(), [FLAT], PARIS)
    assert with_expected(none, pl.DataFrame([("a", *EVER)], AWAITED, orient="row"), MARCH, HOUR).equals(
        STATED.to_frame()
    )


MONTH: Final = local_month(at("2026-03-15").date(), PARIS)
PRICE: Final = st.integers(0, 10**6).map(lambda micro: Decimal(micro).scaleb(-6))
SPLIT: Final = st.integers(24, 29 * 24 * 60).map(lambda minutes: MONTH.start + timedelta(minutes=minutes))
NIGHTS: Final = st.builds(
    Band,
    st.just("n"),
    st.sampled_from([time(22), time(0), time(13, 30)]),
    st.sampled_from([time(6), time(9, 15)]),
    st.frozensets(st.integers(1, 7), min_size=1),
    PRICE,
    st.none() | PRICE,
)


@st.composite
def tariffs(draw: st.DrawFn) -> list[Tariff]:
    """Two that follow one another, each with a band, and without a fee by the month."""
    when = draw(SPLIT)
    return [
        Tariff(validity, draw(PRICE), draw(PRICE), draw(PRICE), Decimal(0), draw(PRICE), (draw(NIGHTS),))
        for validity in (Validity(FOREVER_AGO, when), Validity(when, FOREVER))
    ]


TARIFFS: Final = tariffs()


@st.composite
def shared(draw: st.DrawFn) -> pl.DataFrame:
    """TRADED of a few hours in March under the pro rata key, some of it not known."""
    starts = draw(st.lists(st.integers(0, 743), min_size=1, max_size=6, unique=True))
    wh = st.none() | st.integers(0, 10**9)
    rows = [
        (MONTH.start + timedelta(hours=hour), point, draw(wh), draw(wh) if point == "c" else None)
        for hour in starts
        for point in ("a", "b", "c")
    ]
    found = share(pl.DataFrame(rows, INTERVALS, orient="row"), ProRataKey())
    return found.with_columns(kept_wh=pl.lit(0, pl.Int64)).select(TRADED.names())


def slow_value(rows: pl.DataFrame, tariffs: Sequence[Tariff]) -> dict[tuple[str, str], list[Fraction]]:
    """Row by row in fractions: what was saved, earned and paid."""
    found: dict[tuple[str, str], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    for row in rows.iter_rows(named=True):
        local = row["start"].astimezone(PARIS)
        (tariff,) = (t for t in tariffs if t.validity.valid_from <= row["start"] < t.validity.valid_to)
        retail, own = tariff.retail_eur_per_kwh, tariff.local_eur_per_kwh
        for band in tariff.bands:
            begins = local if local.time() >= band.start else local - timedelta(days=1)
            wraps = band.end <= band.start
            inside = band.start <= local.time() and (wraps or local.time() < band.end)
            inside |= wraps and local.time() < band.end and local.time() < band.start
            if inside and begins.isoweekday() in band.days:
                retail = band.retail_eur_per_kwh
                own = own if band.local_eur_per_kwh is None else band.local_eur_per_kwh
        allocated = row["allocated_wh"] if row["import_wh"] is not None else 0
        sold = (row["export_wh"] or 0) - (row["surplus_wh"] or 0)
        totals = found[row["point"], f"{local:%Y-%m}"]
        totals[0] += Fraction(allocated * (retail - own - tariff.fees_eur_per_kwh)) / 1000
        totals[1] += Fraction(sold * own + (row["surplus_wh"] or 0) * tariff.surplus_eur_per_kwh) / 1000
        totals[2] += Fraction(allocated * own) / 1000
    return found


def total(frame: pl.DataFrame, column: str) -> Decimal:
    return sum((eur for eur in frame[column] if eur is not None), Decimal(0))


@settings(deadline=None, max_examples=50)
@given(rows=shared(), prices=TARIFFS)
def test_it_is_what_each_row_says(rows: pl.DataFrame, prices: list[Tariff]) -> None:
    expected = slow_value(rows, prices)
    for row in value(rows, prices, PARIS).iter_rows(named=True):
        for name, eur in zip(
            ("saving_eur", "revenue_eur", "local_value_eur"), expected[row["point"], row["month"]], strict=True
        ):
            assert row[name] is None or Fraction(row[name]) == eur, name
    assert total(value(rows, prices, PARIS), "local_value_eur") == sum(
        (D(eur.numerator) / eur.denominator for *_, eur in expected.values()), D(0)
    )


@settings(deadline=None, max_examples=50)
@given(rows=shared(), prices=TARIFFS, when=SPLIT)
def test_parts_add_up_to_the_whole(rows: pl.DataFrame, prices: list[Tariff], when: datetime) -> None:
    whole = value(rows, prices, PARIS)
    parts = [
        value(part, prices, PARIS)
        for part in (rows.filter(pl.col("start") < when), rows.filter(pl.col("start") >= when))
    ]
    for column in VALUE.names()[2:]:
        assert sum(total(part, column) for part in parts) == total(whole, column)


@settings(deadline=None, max_examples=50)
@given(rows=shared(), prices=TARIFFS)
def test_members_pay_what_producers_are_paid(rows: pl.DataFrame, prices: list[Tariff]) -> None:
    free = [Tariff(t.validity, t.retail_eur_per_kwh, t.local_eur_per_kwh, bands=t.bands) for t in prices]
    found = value(rows, free, PARIS)
    assert total(found, "revenue_eur") == total(found, "local_value_eur")


@settings(deadline=None, max_examples=50)
@given(rows=shared(), prices=TARIFFS)
def test_the_order_of_rows_and_tariffs_is_nothing(rows: pl.DataFrame, prices: list[Tariff]) -> None:
    assert value(rows.reverse(), prices[::-1], PARIS).equals(value(rows, prices, PARIS))
