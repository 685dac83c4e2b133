"""Series and their numbers, and what a series that is new changes of others."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import TypeAlias

import psycopg

from energy.model import INTERVAL_SOURCES, Quantity
from store.queries import statement

SeriesKey: TypeAlias = tuple[str, str, str, str, str]
"""(device, quantity, phase, channel, tariff)."""


def number_series(connection: psycopg.Connection, names: Sequence[SeriesKey]) -> tuple[dict[SeriesKey, int], set[int]]:
    """Make sure of series in the database, whose devices must exist; return their numbers, and those that are new."""
    if not names:
        return {}, set()
    titles: tuple[str, ...] = ("devices", "quantities", "phases", "channels", "tariffs")
    columns = zip(*names, strict=True)
    parameters: dict[str, list[str]] = {title: list(column) for title, column in zip(titles, columns, strict=True)}
    rows = connection.execute(statement("series_intern"), parameters).fetchall()
    numbers: dict[SeriesKey, int] = {
        (device, Quantity(quantity), phase, channel, tariff): number
        for device, quantity, phase, channel, tariff, number, _ in rows
    }
    return numbers, {number for *_, number, is_new in rows if is_new}


def awaited_days(connection: psycopg.Connection, new: Collection[int]) -> set[tuple[int, date]]:
    """The UTC days, by series, that were computed without a new series, and are not right any more.

    It is awaited where others of its points go on and it does not; and other tariffs of its register no longer.
    """
    if not new:
        return set()
    parameters = {"series": sorted(new), "quantities": sorted(INTERVAL_SOURCES)}
    return set(connection.execute(statement("series_awaited"), parameters).fetchall())
