"""Tables of the report, as HTML that screen readers can walk through. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says, what is written below it, and what a star in front of it means, if there is one."""

    text: str
    below: str = ""
    star: str = ""
    is_text: bool = False


def table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table with a head for every column, which is HTML already, and of every row the first cell as its head."""
    first, *others = heads
    top = f'<th scope="col">{first}</th>' + "".join(f'<th scope="col" class="figure">{head}</th>' for head in others)
    lines = (f'<tr><th scope="row">{_said(row[0])}</th>{"".join(map(_cell, row[1:]))}</tr>' for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
        "</div>"
    )


def _cell(cell: Cell) -> str:
    kind = ' class="words"' if cell.is_text else ' class="best"' if cell.star else ""
    return f"<td{kind}>{_said(cell)}</td>"


def _said(cell: Cell) -> str:
    star = f'<span aria-hidden="true">★ </span><span class="unseen">{escape(cell.star)} </span>' if cell.star else ""
    below = f"<small>{escape(cell.below)}</small>" if cell.below else ""
    return f"{star}{escape(cell.text, quote=False)}{below}"
