"""Stamps of files as UTC: with their offset, or naive in a zone, where the clock repeats an hour and skips one.

The hour that comes twice in autumn is told apart by the order of the lines: of lines that go forward the first is
summer time, of lines that go backward the last. Where order tells nothing the lines are refused rather than guessed.
In 05/01/2026 the day comes first; where one line says that the month does, none of these is read.
"""

from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from ingest.files.sieve import SHOWN, Sieve

ISO: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
DAY_FIRST: Final = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
GERMAN: Final = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")
WITH_OFFSET: Final = r"\d:\d\d.*(Z|[+-]\d\d:?\d\d)$"
_SLASHED: Final = r"^\d{1,2}/\d{1,2}/"
_MONTH_FIRST: Final = r"^(0?[1-9]|1[0-2])/(1[3-9]|2\d|3[01])/"
_SERIES: Final = ("point", "quantity", "tariff", "nature")


def instants(frame: pl.DataFrame, sieve: Sieve, zone: ZoneInfo, forms: tuple[str, ...] = ISO) -> pl.DataFrame:
    """Read the text `stamp` as `at` in UTC: with an offset it is what it says, without one a clock time of a zone."""
    told = pl.col("stamp").str.contains(WITH_OFFSET).fill_null(value=False)
    local = to_utc(naive(frame.filter(~told), sieve, forms), sieve, zone).drop("local")
    with_offset = frame.filter(told)
    return local if with_offset.is_empty() else pl.concat([aware(with_offset, sieve).select(local.columns), local])


def aware(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    """Read the text `stamp`, ISO 8601 with offset or Z, as `at` in UTC."""
    text = pl.col("stamp").str.replace("Z$", "+00:00").str.replace(" ", "T", literal=True)
    forms = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%.f%z")
    frame = frame.with_columns(at=_read(text, forms[0], "UTC"))
    if frame.get_column("at").null_count():
        frame = frame.with_columns(at=pl.coalesce("at", *(_read(text, form, "UTC") for form in forms[1:])))
    frame = sieve.refuse(frame, pl.col("at").is_null(), "the stamp {} is no time with its offset", "stamp")
    return sieve.times(frame)


def naive(frame: pl.DataFrame, sieve: Sieve, forms: tuple[str, ...] = ISO) -> pl.DataFrame:
    """Read the text `stamp` as `local`, a clock time without zone; 24:00:00 is the midnight that ends the day."""
    frame = _day_first(frame, sieve)
    text = pl.col("stamp").str.replace("T", " ", literal=True)
    ends = text.str.contains(" 24:00", literal=True)
    text = text.str.replace(" 24:00", " 00:00", literal=True)
    frame = frame.with_columns(local=_read(text, forms[0], None))
    if frame.get_column("local").null_count():
        frame = frame.with_columns(local=pl.coalesce("local", *(_read(text, form, None) for form in forms[1:])))
    day = pl.when(ends).then(pl.duration(days=1)).otherwise(pl.duration(days=0))
    frame = frame.with_columns(local=pl.col("local") + day)
    return sieve.refuse(frame, pl.col("local").is_null(), "the stamp {} is no time", "stamp")


def _day_first(frame: pl.DataFrame, sieve: Sieve) -> pl.DataFrame:
    """Take out all days with slashes where one of them has its month first: 01/11/2026 would be another day."""
    telling = frame.get_column("stamp").filter(frame.get_column("stamp").str.contains(_MONTH_FIRST))
    if telling.is_empty():
        return frame
    why = f"the month comes first here, as {telling[0][:SHOWN]!r} shows: write the days as 2026-01-31"
    order = pl.when(pl.col("stamp").str.contains(_SLASHED)).then(pl.lit("month")).otherwise(pl.lit(""))
    return sieve.words(frame.with_columns(_order=order), "_order", {"month": why}).drop("_order")


def _read(text: pl.Expr, form: str, zone: str | None) -> pl.Expr:
    return text.str.to_datetime(form, strict=False, time_unit="us", time_zone=zone)


def to_utc(frame: pl.DataFrame, sieve: Sieve, zone: ZoneInfo) -> pl.DataFrame:
    """Give `at` in UTC for the clock times `local` of a zone, told apart within each series by the order of lines."""
    first, second = (
        pl.col("local").dt.replace_time_zone(zone.key, ambiguous=which, non_existent="null").dt.convert_time_zone("UTC")
        for which in ("earliest", "latest")
    )
    frame = frame.with_columns(at=first, _second=second)
    skipped = f"the clocks of {zone.key} skip {{}}: that time does not exist"
    frame = sieve.times(sieve.refuse(frame, pl.col("at").is_null(), skipped, "local"))
    doubled = pl.col("at") != pl.col("_second")
    days = frame.filter(doubled).get_column("local").dt.date().unique()
    if days.is_empty():
        return frame.drop("_second")
    told = _told_apart(frame.filter(pl.col("local").dt.date().is_in(days.to_list())))
    unclear = "the order of the lines does not tell which of the two equal hours {} is"
    told = sieve.refuse(told, pl.col("_later").is_null(), unclear, "local")
    told = told.with_columns(at=pl.when("_later").then("_second").otherwise("at"))
    return pl.concat([frame.filter(~doubled), told.select(frame.columns)]).drop("_second")


def _told_apart(frame: pl.DataFrame) -> pl.DataFrame:
    """Tell of the doubled stamps of some days whether they are the `_later` of the two; null where it is not known."""
    by = [*_SERIES, "_day"]
    rows = (
        frame.with_columns(_day=pl.col("local").dt.date())
        .sort("line")
        .with_columns(_change=pl.col("local").diff().over(by).dt.total_microseconds().sign())
        .with_columns(_backward=pl.col("_change").sum().over(by) < 0)
        .with_columns(_against=pl.col("_change") == pl.when("_backward").then(1).otherwise(-1))
    )
    times = pl.len().over(*by, "local")
    rows = rows.with_columns(_turns=pl.col("_against").sum().over(by), _most=times.max().over(by))
    doubled = rows.filter(pl.col("at") != pl.col("_second")).with_columns(
        _times=pl.len().over(*by, "local"),
        _nth=pl.int_range(pl.len()).over(*by, "local"),
        # Among the doubled stamps alone: those after the clock went back are the second time.
        _after=(
            pl.col("local").diff().over(by).dt.total_microseconds().sign() * pl.when("_backward").then(-1).otherwise(1)
            <= 0
        )
        .fill_null(value=False)
        .cum_sum()
        .over(by)
        > 0,
    )
    turned = pl.col("_after").any().over(by)
    in_pairs = pl.col("_times") % 2 == 0
    later = (
        pl.when(pl.col("_turns") > pl.max_horizontal(pl.col("_most") - 1, 1))
        .then(None)  # the lines are in no order
        .when(in_pairs)
        .then(pl.col("_nth") % 2 == 1)
        .when((pl.col("_times") == 1) & turned)
        .then("_after")
    )
    return doubled.with_columns(_later=later ^ pl.col("_backward"))
