"""Charts for people who vote: inline SVG without scripts, legible at the width of a phone and on paper. Pure.

Coordinates are in units of which WIDTH fill the chart; colours are classes of report.css. Nothing is told by colour
alone: what is gained lies on one side of zero, what is lost on the other.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

WIDTH: Final = 400
MOST_NAMED: Final = 30
"""So many bars have room for a name each."""
MOST_LETTERS: Final = 20
"""So many letters of a name have room beside a bar; of a longer one both ends are told."""
ROW: Final = 19
TALL: Final = 170
LEFT: Final = 46
BELOW: Final = 20


def named_bars(rows: Sequence[tuple[str, float, str]], title: str) -> str:
    """Bars to both sides of zero, one under the other, each with its name and its figure.

    Args:
        rows: name, value, and the figure as it is written.
    """
    top = max((abs(value) for _, value, _ in rows), default=0) or 1
    rows = [(_fitting(name), value, text) for name, value, text in rows]
    names = 10 + 7 * max(len(name) for name, _, _ in rows)
    figures = 14 + 6.6 * max(len(text) for _, _, text in rows)
    negative = any(value < 0 for _, value, _ in rows)
    positive = any(value > 0 for _, value, _ in rows) or not negative
    room = WIDTH - names - figures * (negative + positive)
    scale = room / (2 * top if negative and positive else top)
    zero = names + (figures + top * scale if negative else 0)
    parts = []
    for place, (name, value, text) in enumerate(rows):
        y = place * ROW
        length = abs(value) * scale
        start = zero - length if value < 0 else zero
        side, at = ("end", start - 4) if value < 0 else ("start", start + length + 4)
        parts.append(_text(names - 6, y + 13, name, "end"))
        parts.append(_rect(start, y + 3, length, ROW - 6, "lost" if value < 0 else "gained"))
        parts.append(_text(at, y + 13, text, side, "figure"))
    parts.append(_line(zero, 0, zero, len(rows) * ROW, "zero"))
    return _svg(len(rows) * ROW + 2, title, parts)


def thin_bars(rows: Sequence[tuple[str, float, str]], title: str) -> str:
    """Bars above and below zero, side by side from the most to the least; the first and the last are named."""
    values = [value for _, value, _ in rows]
    high, low = max(0.0, *values), min(0.0, *values)
    scale = (TALL - 36) / ((high - low) or 1)
    zero = 18 + high * scale
    width = WIDTH / len(rows)
    parts = [
        _rect(
            place * width,
            zero - max(value, 0) * scale,
            width * 0.8,
            max(abs(value) * scale, 0.4),
            "lost" if value < 0 else "gained",
        )
        for place, value in enumerate(values)
    ]
    parts.append(_line(0, zero, WIDTH, zero, "zero"))
    (first, value, text), (last, least, least_text) = rows[0], rows[-1]
    parts.append(_text(0, 11 if value > 0 else zero - 4, f"{_fitting(first)} {text}", "start", "figure"))
    parts.append(_text(WIDTH, TALL - 4 if least < 0 else zero + 14, f"{_fitting(last)} {least_text}", "end", "figure"))
    return _svg(TALL, title, parts)


def months(
    rows: Sequence[tuple[str, float | None, float | None]], title: str, ticks: Sequence[tuple[float, str]]
) -> str:
    """A bar for each month, and a dash where today's keys are.

    Args:
        rows: what is written below, the rate, and that of today's keys.
        ticks: rates that have a line, and how they are written; the last is the top.
    """
    top = ticks[-1][0]
    height = TALL - BELOW - 10
    width = (WIDTH - LEFT) / len(rows)

    def up(rate: float) -> float:
        return 10 + height * (1 - rate / top)

    parts = [part for rate, text in ticks for part in (
        _line(LEFT, up(rate), WIDTH, up(rate), "grid"), _text(LEFT - 6, up(rate) + 4, text, "end"),
    )]  # fmt: skip
    for place, (name, rate, before) in enumerate(rows):
        x = LEFT + place * width
        if rate is not None:
            parts.append(_rect(x + width * 0.15, up(rate), width * 0.7, 10 + height - up(rate), "bar"))
        if before is not None:
            parts.append(_line(x + width * 0.04, up(before), x + width * 0.96, up(before), "before"))
        parts.append(_text(x + width / 2, TALL - 5, name, "middle"))
    return _svg(TALL, title, parts)


def spread(
    rows: Sequence[tuple[str, Sequence[float], tuple[float, float, float]]],
    title: str,
    ticks: Sequence[tuple[float, str]],
) -> str:
    """A line of dots for each key, one for each member, over a band from the first to the ninth decile.

    Args:
        rows: the title of the key, the values, and the first decile, the median and the ninth decile.
        ticks: values that have a line, and how they are written; the last is the right end.
    """
    top, each = ticks[-1][0], 44
    edge = 14

    def along(value: float) -> float:
        return edge + (WIDTH - 2 * edge) * min(value / top, 1)

    bottom = len(rows) * each
    parts = [part for value, text in ticks for part in (
        _line(along(value), 0, along(value), bottom, "grid"), _text(along(value), bottom + 15, text, "middle"),
    )]  # fmt: skip
    for place, (name, values, (low, median, high)) in enumerate(rows):
        y = place * each + 29
        parts.append(_text(0, y - 15, name, "start", "figure"))
        parts.append(_rect(along(low), y - 9, max(along(high) - along(low), 1), 18, "band"))
        parts += [f'<circle class="dot" cx="{along(value):.1f}" cy="{y}" r="3.2"/>' for value in values]
        parts.append(_line(along(median), y - 11, along(median), y + 11, "median"))
    return _svg(bottom + BELOW, title, parts)


def _fitting(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS // 2]}…{name[1 - MOST_LETTERS // 2 :]}"


def _svg(height: float, title: str, parts: Iterable[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>"


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
