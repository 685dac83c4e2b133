"""Rows as people see them in a terminal, in columns, and as programs read them, in JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from energy.time import rfc3339

CENT: Final = Decimal("0.01")


def columns(rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """The rows as lines, each column as wide as its longest cell but the last, which takes what it needs.

    Args:
        rows: the title, and what stands below it; all of one length.
        right: the columns that stand on the right, as figures do.
    """
    lines = list(rows)
    figures = set(right)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            f"{cell:>{width}}" if column in figures else f"{cell:<{width}}"
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def table(title: Sequence[str], rows: Iterable[Sequence[str]], meaning: str) -> str:
    """The rows in columns, numbers to the right, and what they mean."""
    return "\n".join([*columns([title, *rows], right=range(2, len(title))), meaning])


def kwh(energy_wh: int | None, sign: str = "-") -> str:
    """Energy in kWh, down to the Wh; what is not known is a dash."""
    return "-" if energy_wh is None else f"{energy_wh / 1000:{sign},.3f}"


def eur(amount: Decimal | None) -> str:
    """EUR in whole cents; what is not known is a dash."""
    return "-" if amount is None else f"{amount.quantize(CENT, ROUND_HALF_EVEN):,}"


def as_json(found: Mapping[str, Any]) -> str:
    """What was found as JSON; instants are RFC 3339 in UTC."""
    return json.dumps(found, indent=1, default=rfc3339)
