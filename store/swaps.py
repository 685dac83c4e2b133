"""Meter swaps that an operator recorded: written, removed, listed, with the registers that they join."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import psycopg

from store import registry, spans
from store.queries import statement


@dataclass(frozen=True, slots=True)
class Swap:
    """The index of the old register and of the new one at the instant of the swap. [Wh]"""

    flow: str
    tariff: str
    at: datetime
    old_wh: int
    new_wh: int


class Register(NamedTuple):
    """A register of a flow of a point around an instant, with its readings next to it. [Wh]

    `is_before` and `is_after`: it is mapped to the point up to the instant, and from it on.
    """

    series_no: int
    device: str
    tariff: str
    is_before: bool
    is_after: bool
    last_at: datetime | None
    last_wh: float | None
    next_at: datetime | None
    next_wh: float | None


def read_registers(connection: psycopg.Connection, point: str, flow: str, at: datetime) -> list[Register]:
    """The registers of a flow of a point that are mapped to it up to an instant, or from it on."""
    rows = connection.execute(statement("swap_registers"), {"point": point, "flow": flow, "at": at})
    return [Register(*row) for row in rows]


def read_swaps(connection: psycopg.Connection, point: str) -> list[Swap]:
    """What was recorded of a point, in order of time."""
    return [Swap(*row) for row in connection.execute(statement("swaps_recorded"), {"point": point})]


def put(connection: psycopg.Connection, point: str, swap: Swap, registers: Sequence[Register]) -> None:
    """Record a swap in the open transaction, in place of one at the same instant, and mark what it changes."""
    registry.lock_territory(connection)
    parameters = {
        "point": point,
        "flow": swap.flow,
        "tariff": swap.tariff,
        "at": swap.at,
        "old_wh": swap.old_wh,
        "new_wh": swap.new_wh,
    }
    connection.execute(statement("swap_put"), parameters)
    _mark(connection, swap.at, registers)


def remove(
    connection: psycopg.Connection, point: str, flow: str, tariff: str, at: datetime, registers: Sequence[Register]
) -> bool:
    """Forget a swap in the open transaction, and mark what that changes; tell whether there was one."""
    registry.lock_territory(connection)
    parameters = {"point": point, "flow": flow, "tariff": tariff, "at": at}
    removed = connection.execute(statement("swap_remove"), parameters).rowcount
    _mark(connection, at, registers)
    return removed > 0


def _mark(connection: psycopg.Connection, at: datetime, registers: Sequence[Register]) -> None:
    """Mark the days of the readings next to the swap."""
    days = {(r.series_no, when.date()) for r in registers for when in (at, r.last_at, r.next_at) if when is not None}
    spans.mark(connection, "series", sorted(days))
