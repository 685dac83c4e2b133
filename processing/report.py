"""The report of a comparison for a general assembly: one HTML page that needs nothing else. Pure."""

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Any, Final

from processing.compare_tables import NOTICED_WH, Comparison
from processing.report_facts import Facts
from processing.report_keys import describe
from processing.report_numbers import Language, Numbers
from processing.report_sections import Pages
from processing.report_texts import plain, said

SMALL_WH: Final = 1_000_000
"""Where members consume less than a MWh in the median, a tenth of a kWh is worth saying."""
CAVEATS: Final = ("past", "new", "habits", "operator", "just")


def render(comparison: Comparison, facts: Facts, language: Language) -> str:
    """Write the report.

    Args:
        comparison: what is said of the keys of `facts`, which has a label for every point.

    Returns:
        HTML, the same for the same values; all that people wrote is escaped.
    """
    today = comparison.members.filter(comparison.members["key"] == comparison.keys["key"][0])
    median = today["consumption_wh"].median()
    is_small = isinstance(median, int | float) and median < SMALL_WH
    numbers = Numbers(language, 1 if is_small else 0)
    pages = Pages(comparison, facts, numbers)
    title = said(language, "title")
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} · {escape(facts.community)}</title><style>{_style()}</style>"
    )
    body = "".join(_body(pages, comparison, facts, numbers, title))
    return f'<!DOCTYPE html>\n<html lang="{language}"><head>{head}</head>\n<body>{body}</body></html>\n'


def _style() -> str:
    return files("processing").joinpath("report.css").read_text(encoding="utf-8")


def _body(pages: Pages, comparison: Comparison, facts: Facts, numbers: Numbers, title: str) -> Iterator[str]:
    language = numbers.language
    place = " · ".join(escape(text) for text in (facts.community, facts.place) if text)
    made = said(language, "made", day=numbers.day(facts.made_on))
    lead = said(language, "lead", months=numbers.months(facts.first, facts.last))
    yield f'<header><p class="over">{place}</p><h1>{title}</h1><p class="lead">{lead}</p><p class="aside">{made}</p>'
    yield "</header><main>"
    yield f"<section><h2>{said(language, 'short')}</h2><ul>"
    yield from (f"<li>{sentence}</li>" for sentence in _short(pages, comparison, facts, numbers))
    yield f"</ul></section><section><h2>{said(language, 'keys')}</h2><dl>"
    labels = facts.labels if facts.is_named else None
    for key in facts.keys:
        sentences = " / ".join(escape(describe(one, numbers, labels), quote=False) for one in key.keys)
        yield f"<div><dt>{escape(pages.titles[key.name], quote=False)}</dt><dd>{sentences}</dd></div>"
    yield "</dl></section>"
    yield from pages.side_by_side()
    yield from pages.who()
    yield from pages.months()
    yield from pages.evenness()
    yield from pages.producers()
    yield f"<section><h2>{said(language, 'caveats')}</h2><ul>"
    yield from (f"<li>{said(language, f'caveat.{name}')}</li>" for name in CAVEATS)
    yield "</ul></section>"
    yield from pages.annex()
    yield f"</main><footer>{said(language, 'foot')}</footer>"


def _short(pages: Pages, comparison: Comparison, facts: Facts, numbers: Numbers) -> Iterator[str]:
    language, keys = numbers.language, comparison.keys
    today = keys.row(0, named=True)
    if facts.simulated:
        yield said(language, "simulated")
    yield said(
        language,
        "short.today",
        consumption=numbers.kwh(today["consumption_wh"]),
        production=numbers.kwh(today["production_wh"]),
        allocated=numbers.kwh(today["allocated_wh"]),
        rate=numbers.percent(today["self_consumption_rate"]),
    )
    yield _most(pages, keys.to_dicts(), numbers)
    if comparison.known_rate is not None:
        yield said(language, "short.known", rate=numbers.percent(comparison.known_rate))
    if comparison.without_key:
        yield said(language, "short.without_key", count=numbers.number(comparison.without_key))
    if not comparison.has_euros:
        yield said(language, "short.no_euros")
    elif comparison.months["net_eur"].null_count():
        yield said(language, "short.some_euros")
    if comparison.has_euros and comparison.has_kept:
        yield said(language, "short.kept")
    if not facts.is_named:
        yield said(language, "short.names")


def _most(pages: Pages, rows: list[dict[str, Any]], numbers: Numbers) -> str:
    """Which of the proposed keys would have shared the most, or as much as today's, the first of the rows."""
    most = numbers.kwh(max(row["allocated_wh"] for row in rows))
    best = [row for row in rows if numbers.kwh(row["allocated_wh"]) == most]
    has_more = best[0]["difference_wh"] >= NOTICED_WH
    told = best if has_more else [row for row in rows[1:] if abs(row["difference_wh"]) < NOTICED_WH]
    if not told:
        return said(numbers.language, "short.less")
    titles = ", ".join(plain(numbers.language, "quoted", title=pages.titles[row["key"]]) for row in told)
    if not has_more:
        return said(numbers.language, "short.equal" if len(told) == 1 else "short.equals", titles=titles)
    return said(
        numbers.language,
        "short.best" if len(told) == 1 else "short.best.equal",
        titles=titles,
        allocated=most,
        difference=numbers.kwh(best[0]["difference_wh"], signed=True),
    )
