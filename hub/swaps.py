"""`hub swap`: record that a meter was replaced, with the index of the old register and of the new one."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import psycopg

from energy.errors import InvalidInput, NotFound
from energy.time import offset_if_twice, parse_instant
from energy.units import kwh_text, wh_from_kwh
from hub.settings import Settings
from store import curves, swaps
from store.connect import connect
from store.swaps import Register, Swap

FLOWS: Final = ("import", "export")


def run_swap(arguments: argparse.Namespace, settings: Settings) -> int:
    """List, record or remove swaps of a point."""
    point, tariff = arguments.point, arguments.tariff or ""
    with connect(settings.database_url) as connection, connection.transaction():
        if point not in curves.read_points(connection, [point]):
            raise NotFound(f"there is no metering point {point!r}; `hub apply` declares points")
        if arguments.at is None:
            if arguments.remove or any(getattr(arguments, f"{flow}_kwh") for flow in FLOWS):
                raise InvalidInput("say when the meter was swapped: hub swap POINT AT, as 2026-03-14T10:30")
            _list(connection, point, settings)
            return 0
        at = _instant(arguments.at, settings)
        if arguments.remove:
            _remove(connection, point, tariff, at)
            return 0
        told = [
            Swap(flow, tariff, at, *_indexes(getattr(arguments, f"{flow}_kwh"), flow))
            for flow in FLOWS
            if getattr(arguments, f"{flow}_kwh")
        ]
        if not told:
            raise InvalidInput("give the indexes: --import OLD NEW or --export OLD NEW, in kWh as the meters show them")
        for swap in told:
            registers = _registers(connection, point, swap)
            swaps.put(connection, point, swap, registers)
            print(f"recorded: {point}, {_sentence(swap, settings)}")
            for doubt in _doubts(swap, registers, settings):
                print(f"! {doubt}", file=sys.stderr)
    return 0


def _instant(text: str, settings: Settings) -> datetime:
    try:
        at = parse_instant(text, settings.zone_info)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is not a time: write it as 2026-03-14T10:30 ({settings.zone} time)") from error
    if at > datetime.now(UTC):
        raise InvalidInput(f"{text} is in the future: record a swap when it has happened")
    return at


def _indexes(told: Sequence[str], flow: str) -> tuple[int, int]:
    try:
        old_wh, new_wh = (wh_from_kwh(text) for text in told)
    except ValueError as error:
        raise InvalidInput(f"--{flow}: {error}; give both indexes in kWh, as 18423.117 0.4") from error
    if old_wh < 0 or new_wh < 0:
        raise InvalidInput(f"--{flow}: a register is never negative")
    return old_wh, new_wh


def _registers(connection: psycopg.Connection, point: str, swap: Swap) -> list[Register]:
    """The registers on either side of a swap.

    Raises:
        InvalidInput: several on one side; nobody knows which of them was swapped.
    """
    registers = [r for r in swaps.read_registers(connection, point, swap.flow, swap.at) if r.tariff == swap.tariff]
    for side, there in (
        ("before", [r for r in registers if r.is_before]),
        ("after", [r for r in registers if r.is_after]),
    ):
        if len(there) > 1:
            named = ", ".join(r.device for r in there)
            raise InvalidInput(
                f"{point} has several {swap.flow} registers {side} that instant ({named}): let the mapping of the old"
                " device end, and that of the new one begin, at the swap; then `hub apply`, and record it again"
            )
    return registers


def _doubts(swap: Swap, registers: Sequence[Register], settings: Settings) -> Iterator[str]:
    """What contradicts a swap, or is still missing."""
    before, after = ([r for r in registers if r.is_before], [r for r in registers if r.is_after])
    name = f"{swap.flow} register" + (f" of tariff {swap.tariff}" if swap.tariff else "")
    if not before or not after:
        side = "up to" if not before else "from"
        yield f"no device has told an {name} {side} that instant: the swap counts once one does, mapped to the point"
    for r in before:
        if r.last_wh is not None and r.last_at is not None and r.last_wh > swap.old_wh:
            yield (
                f"{r.device} already showed {kwh_text(round(r.last_wh))} kWh at {_local(r.last_at, settings)}, more"
                f" than the old index {kwh_text(swap.old_wh)}: is it right?"
            )
    for r in after:
        if r.next_wh is not None and r.next_at is not None and r.next_wh < swap.new_wh:
            yield (
                f"{r.device} showed only {kwh_text(round(r.next_wh))} kWh at {_local(r.next_at, settings)}, less than"
                f" the new index {kwh_text(swap.new_wh)}: is it right?"
            )


def _remove(connection: psycopg.Connection, point: str, tariff: str, at: datetime) -> None:
    gone = [
        flow
        for flow in FLOWS
        if swaps.remove(connection, point, flow, tariff, at, swaps.read_registers(connection, point, flow, at))
    ]
    if not gone:
        raise NotFound(f"no swap of {point} is recorded at that instant; `hub swap {point}` lists them")
    print(f"removed: the swap of {point}, {' and '.join(gone)}")


def _list(connection: psycopg.Connection, point: str, settings: Settings) -> None:
    recorded = swaps.read_swaps(connection, point)
    print("\n".join(_sentence(swap, settings) for swap in recorded) or f"no swap of {point} is recorded")


def _sentence(swap: Swap, settings: Settings) -> str:
    tariff = f" {swap.tariff}" if swap.tariff else ""
    return (
        f"{swap.flow}{tariff} at {_local(swap.at, settings)}: the old meter showed {kwh_text(swap.old_wh)} kWh,"
        f" the new one {kwh_text(swap.new_wh)} kWh"
    )


def _local(at: datetime, settings: Settings) -> str:
    local = at.astimezone(settings.zone_info)
    return f"{local:%Y-%m-%d %H:%M:%S}{offset_if_twice(local)}"
