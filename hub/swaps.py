"""`hub swap`: record that a meter was replaced, with the index of the old register and of the new one."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Final

import psycopg

from energy.errors import InvalidInput, NotFound
from energy.time import STEP, offset_if_twice, parse_instant
from energy.units import kwh_text, wh_from_kwh
from hub.kept import changes_nothing
from hub.settings import Settings
from processing.registers import CEILING_MARGIN_PERCENT, DEFAULT_CEILING_WH
from store import curves, intervals, swaps
from store.connect import FrameReader, connect
from store.swaps import Register, Swap

FLOWS: Final = ("import", "export")


def run_swap(arguments: argparse.Namespace, settings: Settings) -> int:
    """List, record or remove swaps of a point."""
    point, tariff = arguments.point, arguments.tariff or ""
    with connect(settings.database_url) as connection, connection.transaction():
        declared = curves.read_points(connection, [point]).get(point)
        if declared is None:
            raise NotFound(f"there is no metering point {point!r}; `hub apply` declares points")
        if arguments.at is None:
            if arguments.remove or any(getattr(arguments, f"{flow}_kwh") for flow in FLOWS):
                raise InvalidInput("say when the meter was swapped: hub swap POINT AT, as 2026-03-14T10:30")
            _list(connection, point, settings)
            return 0
        at = _instant(arguments.at, settings)
        before = declared.frozen_before
        kept = changes_nothing("a swap", point, before) if before is not None and at < before else ""
        if arguments.remove:
            _remove(connection, point, tariff, at, settings)
            _warn([kept] if kept else [])
            return 0
        told = [
            Swap(flow, tariff, at, *_indexes(getattr(arguments, f"{flow}_kwh"), flow))
            for flow in FLOWS
            if getattr(arguments, f"{flow}_kwh")
        ]
        if not told:
            raise InvalidInput("give the indexes: --import OLD NEW or --export OLD NEW, in kWh as the meters show them")
        limits_w = _limits_w(connection, declared.number, settings)
        for swap in told:
            registers = _registers(connection, point, swap)
            same = (swap.flow, swap.tariff, swap.at)
            there = [r for r in swaps.read_swaps(connection, point) if (r.flow, r.tariff, r.at) == same]
            swaps.put(connection, point, swap, registers)
            print(f"recorded: {point}, {_sentence(swap, settings)}")
            for old in there:
                print(
                    f"it replaces what was recorded first: {kwh_text(old.old_wh)} kWh, then {kwh_text(old.new_wh)} kWh"
                )
            _warn([kept] if kept else _doubts(swap, registers, limits_w.get(swap.flow), settings))
    return 0


def _warn(doubts: Iterable[str]) -> None:
    for doubt in doubts:
        print(f"! {doubt}", file=sys.stderr)


def _instant(text: str, settings: Settings) -> datetime:
    if _is_day(text):
        raise InvalidInput(f"{text} is a day: say the hour too, as {text}T10:30 ({settings.zone} time)")
    try:
        at = parse_instant(text, settings.zone_info)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is not a time: write it as 2026-03-14T10:30 ({settings.zone} time)") from error
    if at > datetime.now(UTC):
        raise InvalidInput(f"{text} is in the future: record a swap when it has happened")
    return at


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _limits_w(connection: psycopg.Connection, point_no: int, settings: Settings) -> dict[str, int]:
    """What limits the flows of a point, where it is known. [W]"""
    with closing(FrameReader(settings.database_url)) as reader:
        routes = intervals.read_routes(reader, connection, [point_no])
    return dict(routes.drop_nulls("limit_w").select("flow", "limit_w").iter_rows())


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


def _doubts(swap: Swap, registers: Sequence[Register], limit_w: int | None, settings: Settings) -> Iterator[str]:
    """What contradicts a swap, or is still missing."""
    wrong = "more than can flow in that time: is it in kWh, and was the meter replaced then?"
    before, after = ([r for r in registers if r.is_before], [r for r in registers if r.is_after])
    name = f"{swap.flow} register" + (f" of tariff {swap.tariff}" if swap.tariff else "")
    if not before or not after:
        side = "up to" if not before else "from"
        yield f"no device has told an {name} {side} that instant: the swap counts once one does, mapped to the point"
    for r in before:
        if r.last_wh is None or r.last_at is None:
            continue
        shown = f"{kwh_text(round(r.last_wh))} kWh at {_local(r.last_at, settings)}"
        if r.last_wh > swap.old_wh:
            yield f"{r.device} already showed {shown}, more than the old index {kwh_text(swap.old_wh)}: is it right?"
        elif swap.old_wh - r.last_wh > _ceiling_wh(limit_w, swap.at - r.last_at):
            yield f"{r.device} showed {shown}; from there to the old index {kwh_text(swap.old_wh)} is {wrong}"
    for r in after:
        if r.next_wh is None or r.next_at is None:
            continue
        shown = f"{kwh_text(round(r.next_wh))} kWh at {_local(r.next_at, settings)}"
        if r.next_wh < swap.new_wh:
            yield f"{r.device} showed only {shown}, less than the new index {kwh_text(swap.new_wh)}: is it right?"
        elif r.next_wh - swap.new_wh > _ceiling_wh(limit_w, r.next_at - swap.at):
            yield f"{r.device} showed {shown}; from the new index {kwh_text(swap.new_wh)} to there is {wrong}"


def _ceiling_wh(limit_w: int | None, elapsed: timedelta) -> float:
    """Most energy believed in that time, as processing/registers.py believes it. [Wh]"""
    quarters = max(elapsed / STEP, 1)
    if limit_w is None:
        return DEFAULT_CEILING_WH * quarters
    return limit_w * CEILING_MARGIN_PERCENT / 100 * quarters * (STEP / timedelta(hours=1))


def _remove(connection: psycopg.Connection, point: str, tariff: str, at: datetime, settings: Settings) -> None:
    gone = [
        flow
        for flow in FLOWS
        if swaps.remove(connection, point, flow, tariff, at, swaps.read_registers(connection, point, flow, at))
    ]
    if not gone:
        raise NotFound(f"no swap of {point} is recorded at that instant; `hub swap {point}` lists them")
    print(f"removed: the swap of {point}, {' and '.join(gone)} at {_local(at, settings)}")


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
