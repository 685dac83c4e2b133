"""`hub value`: what sharing was worth to each member and producer of a community, and how evenly it was shared."""

import argparse
import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.errors import InvalidInput
from energy.frames import EUROS
from energy.time import local_date
from hub.named_times import month_of
from hub.settings import Settings
from hub.tables import eur, kwh, table
from processing.indicators import INDICATORS
from store.communities import read_community
from store.connect import FrameReader, connect
from store.statements import read_equity, read_pending, read_statements, read_sums

TITLE: Final = ("point", "allocated kWh", "saving EUR", "sold kWh", "revenue EUR")
MEANING: Final = "saving: of what was allocated, less fees; revenue: for what members had, and for the surplus"
EQUITY_TITLE: Final = ("group", "period", "members", "Jain", "Gini", "min/max", "P90-P10", "need", "parity")
EQUITY_MEANING: Final = "what each of these says is in docs/indicators.md; -: nothing to divide by, or not known"
PENDING: Final = "being made anew: {months}; for some five minutes, what is shown of it is what was known before"
PART: Final = "{point}: {percent}% of what was awaited of {months} is known"
MOST_PARTS: Final = 5


def run_value(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the statements of the months that were named, the last whole one by default."""
    with connect(settings.database_url) as connection:
        community = read_community(connection, arguments.community)
        first, after = _months(arguments.first, arguments.last, ZoneInfo(community.zone))
        pending = read_pending(connection, community.no, first, after)
        reader = FrameReader(settings.database_url)
        try:
            rows = read_statements(reader, connection, community.no, first, after)
            sums = read_sums(reader, connection, community.no, first, after)
            made = rows if rows.height else read_statements(reader, connection, community.no, date.min, date.max)
            fair = read_equity(reader, connection, community.no, arguments.by, first, after)
        finally:
            reader.close()
    if arguments.json:
        found = {"rows": _plain(rows.drop("point_no")), "sums": _plain(sums), "equity": _plain(fair)}
        print(json.dumps({"pending_months": pending, **found}, indent=1))
        return 0
    begin, end = f"{first:%Y-%m}", f"{after - timedelta(days=1):%Y-%m}"
    months = begin if begin == end else f"{begin} to {end}"
    if rows.is_empty():
        print(f"{community.id} has no statement of {months}: {_instead(made)}")
        return 0
    if pending:
        print(f"! {PENDING.format(months=', '.join(pending))}")
    points = _by_point(rows)
    for line in _parts(points, months):
        print(f"! {line}")
    print(f"{community.id}, {months}")
    print(table(TITLE, [*map(_cells, points), _cells({"point": "all", **sums.row(-1, named=True)})], MEANING))
    print(_retained(sums.row(-1, named=True)))
    if fair.height:
        print(f"\n{table(EQUITY_TITLE, map(_equity_cells, fair.to_dicts()), EQUITY_MEANING)}")
    return 0


def _months(first: str | None, last: str | None, zone: ZoneInfo) -> tuple[date, date]:
    """The first day of the first month, and of the one after the last; the last whole month is where they end."""
    now = datetime.now(UTC)
    begin = month_of(first or last, zone, now, "--from" if first else "--to")
    whole = month_of(None, zone, now)
    end = month_of(last, zone, now, "--to") if last else max(begin, whole, key=lambda month: month.end)
    if end.end <= begin.start:
        raise InvalidInput(f"--to {last} is before --from {first}")
    return local_date(begin.start, zone), local_date(end.end, zone)


def _instead(made: pl.DataFrame) -> str:
    """What there is, where nothing is of the months that were asked for."""
    if made.is_empty():
        return "`hub process` makes one about five minutes after the first balances of a month"
    newest = made["month"].max()
    return f"the newest is of {newest} (--from {newest})"


def _by_point(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Sums of each point over the months; EUR that are not known in one of them are not known."""
    energies = ("allocated_wh", "sold_wh", "surplus_wh")
    known = {"saving_eur": ("allocated_wh",), "revenue_eur": ("sold_wh", "surplus_wh")}
    sums = [pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name) for name in energies]
    for name, of in known.items():
        is_due = pl.any_horizontal(pl.col(energy).is_not_null() for energy in of)
        is_known = (pl.col(name).is_not_null() | ~is_due).all() & is_due.any()
        sums.append(pl.when(is_known).then(pl.col(name).sum()).alias(name))
    sums += [pl.col(name).filter(pl.col("expected").is_not_null()).sum() for name in ("present", "expected")]
    return rows.group_by("point", maintain_order=True).agg(sums).sort("point").to_dicts()


def _parts(points: list[dict[str, Any]], months: str) -> list[str]:
    """Which points are not known whole, the least known first; many of them are counted."""
    parts = [point for point in points if point["present"] < point["expected"]]
    parts.sort(key=lambda point: Fraction(point["present"], point["expected"]))
    named, rest = parts[:MOST_PARTS], len(parts) - MOST_PARTS
    lines = [PART.format(point=part["point"], percent=_percent(part), months=months) for part in named]
    return lines if rest <= 0 else [*lines, f"and {rest:,} more {'point' if rest == 1 else 'points'} not known whole"]


def _percent(part: dict[str, Any]) -> int:
    """Rounded down, so that 100 says all; but where something is known, not 0."""
    return max(part["present"] * 100 // part["expected"], min(part["present"], 1))


def _retained(sums: dict[str, Any]) -> str:
    if sums["local_value_rate"] is None:
        return "local value retained: not known, for want of a tariff or of shared energy"
    paid, worth = eur(sums["local_value_eur"]), eur(sums["retail_value_eur"])
    return f"local value retained: {sums['local_value_rate']:.1%} ({paid} EUR to local producers, of {worth} EUR)"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["point"],
        kwh(row["allocated_wh"]),
        eur(row["saving_eur"]),
        kwh(row["sold_wh"]),
        eur(row["revenue_eur"]),
    )


def _equity_cells(row: dict[str, Any]) -> tuple[str, ...]:
    group = row["group_name"] if row["group_kind"] != "all" else "all members"
    rates = ("-" if row[name] is None else f"{row[name]:.3f}" for name in INDICATORS)
    return (group, row["period"], f"{row['members']:,}", *rates)


def _plain(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON; EUR as text."""
    return rows.with_columns(pl.col(name).cast(pl.String) for name in EUROS if name in rows.columns).to_dicts()
