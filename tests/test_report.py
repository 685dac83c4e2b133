"""The report of a comparison: one page that needs nothing else, in two languages, safe from what people write in it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from string import Formatter
from typing import Final
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.keys import StaticKey
from energy.proposals import TODAY
from processing.compare_tables import Comparison, without_telling
from processing.report import render
from processing.report_charts import MOST_NAMED, named_bars, thin_bars
from processing.report_facts import ComparedKey, Facts, names, pseudonyms
from processing.report_keys import SENTENCES
from processing.report_kinds import KINDS
from processing.report_numbers import LANGUAGES, Language, Numbers
from processing.report_sections import names_of
from processing.report_texts import TEXTS
from tests.test_compare import IDS, KEYS, NAME, POINTS, STEPS, TARIFF, compared

EVIL: Final = '"><script>alert(1)</script>&{title}{0}'
VOID: Final = frozenset({"meta", "rect", "line", "circle"})
FACTS: Final = Facts(
    community="Valley",
    place="Here",
    first=NAME,
    last=NAME,
    made_on=date(2026, 2, 1),
    keys=(
        ComparedKey(TODAY, None, (StaticKey({"a": 500_000, "b": 500_000}),)),
        *(ComparedKey(name, (f"{name} title", f"{name} titre"), (key,)) for name, key in KEYS.items()),
    ),
    labels=pseudonyms(IDS, "a lot"),
)


class Page(HTMLParser):
    """What a page is made of; every element must be closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "script"):
            self.text += data

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.seen if tag == name]


@pytest.fixture(scope="module", params=[False, True], ids=["energy", "euros"])
def comparison(request: pytest.FixtureRequest) -> Comparison:
    return compared(STEPS, tariffs=[TARIFF] if request.param else [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_that_needs_nothing_else(comparison: Comparison, language: Language) -> None:
    html = render(without_telling(comparison), FACTS, language)
    page = Page(html)
    assert page.tags("html") == [{"lang": language}]
    for word in ("http:", "https:", "url(", "@import", "src=", "href=", "<script", "<link"):
        assert word not in html, f"{word} would ask somebody for something"
    for word in ("{", "None", "nan"):
        assert word not in html.partition("</style>")[2], f"{word}: a figure was not filled in"
    assert len(page.tags("h1")) == 1
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.tags("th"))
    assert all(attributes.get("role") == "img" and attributes.get("aria-label") for attributes in page.tags("svg"))
    assert len(page.tags("svg")) == 2 * len(KEYS) + 1
    for svg in re.findall("<svg.*?</svg>", html):
        assert fromstring(svg).find("title") is not None  # noqa: S314
    assert ("€" in page.text) == comparison.has_euros
    assert all(f"M{place}" in page.text for place in range(1, len(IDS) + 1))
    assert all((key.title(language) or "") in page.text for key in FACTS.keys)
    assert html == render(without_telling(comparison), FACTS, language), "the same of the same"


def test_no_order_tells_who_is_who(comparison: Comparison) -> None:
    """Points come in order of their ids; where that of the dots were the same, a list of the ids would tell them."""
    for reordered in (comparison, replace(comparison, members=comparison.members.reverse())):
        html = render(without_telling(reordered), FACTS, "en")
        (chart,) = (svg for svg in re.findall("<svg.*?</svg>", html) if "<circle" in svg)
        for row in re.split('class="median"', chart)[:-1]:
            dots = [float(cx) for cx in re.findall('cx="([0-9.]+)"', row)]
            assert dots == sorted(dots)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_wrote_stays_text(comparison: Comparison, language: Language) -> None:
    keys = tuple(replace(key, titles=key.titles and (EVIL, EVIL)) for key in FACTS.keys)
    labels = {point: f"{EVIL}{point}" for point in IDS}
    html = render(
        comparison, replace(FACTS, community=EVIL, place=EVIL, keys=keys, labels=labels, is_named=True), language
    )
    page = Page(html)
    assert page.tags("script") == []
    assert page.text.count(EVIL) > 10


@pytest.mark.parametrize("texts", [TEXTS, SENTENCES, KINDS])
def test_both_languages_say_everything(texts: dict[str, tuple[str, str]]) -> None:
    for name, (english, french) in texts.items():
        assert english, name
        assert french, name
        holes = [sorted(hole for _, hole, _, _ in Formatter().parse(text) if hole) for text in (english, french)]
        assert holes[0] == holes[1], name
        assert "'" not in english + french, f"{name}: an apostrophe is ’"
        assert not re.search(r"[^ ][:;»](?: |$)", french), f"{name}: no space before a French sign"


def test_names_are_in_a_key_where_they_are_in_the_report(comparison: Comparison) -> None:
    labels = {point: f"Member {point}" for point in IDS}
    named = replace(FACTS, labels=labels, is_named=True)
    assert "first Member c" in Page(render(comparison, named, "en")).text
    assert "first one member" in Page(render(without_telling(comparison), FACTS, "en")).text


def test_members_of_one_name_have_their_own_figures(comparison: Comparison) -> None:
    html = render(comparison, replace(FACTS, labels=dict.fromkeys(IDS, "Same"), is_named=True), "en")
    (annex,) = re.findall('<section class="annex">.*?</section>', html)
    prorata = [re.findall("<td[^>]*>(.*?)</td>", row)[3] for row in annex.split("<tr>")[2:]]
    assert [cell.partition("<")[0] for cell in prorata] == ["+1.0", "0.0", "+3.0"]


NONE_MORE: Final[list[tuple[str, list[str], str, str]]] = [
    ("one shares as much", ["as-today", "spain"],
        "“as-today title” would have shared as much energy as today’s key; none would have shared more",
        "«\xa0as-today titre\xa0» aurait partagé autant d’énergie que la clé d’aujourd’hui"),
    ("two do", ["as-today", "same"], "“as-today title”, “same title” would each have shared as much energy",
        "auraient chacune partagé autant"),
    ("none does", ["spain"], "Each of the proposed keys would have shared less energy than today’s",
        "aurait partagé moins d’énergie que celle d’aujourd’hui"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "proposed", "english", "french"), NONE_MORE, ids=[row[0] for row in NONE_MORE])
def test_where_no_key_shares_more(why: str, proposed: list[str], english: str, french: str) -> None:
    keys = {name: KEYS.get(name, KEYS["as-today"]) for name in proposed}
    told = (ComparedKey(name, (f"{name} title", f"{name} titre"), (key,)) for name, key in keys.items())
    facts = replace(FACTS, keys=(FACTS.keys[0], *told))
    for language, sentence in zip(LANGUAGES, (english, french), strict=True):
        assert sentence in Page(render(compared(STEPS, keys), facts, language)).text, why


def test_one_word_for_what_is_covered_of_a_need() -> None:
    for name in ("row.self_sufficiency", "row.p90_p10", "even.lead", "even.chart"):
        english, french = TEXTS[name]
        assert re.search("rates? of self-sufficiency", english, re.IGNORECASE), name
        assert re.search("taux d’autoproduction", french, re.IGNORECASE), name
    assert not [name for name, (english, _) in TEXTS.items() if "cover" in english or "autoproduction" in english]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "100.0% of the period is known"), ("fr", "100,0\xa0% de la période est connue")],
)
def test_how_much_is_known_is_said_of_one_month_as_of_many(
    comparison: Comparison, language: Language, sentence: str
) -> None:
    assert sentence in Page(render(replace(comparison, known=8, expected=8), FACTS, language)).text


def test_axes_say_where_their_lines_are() -> None:
    """The top of the axis is a quarter, its middle an eighth."""
    page = Page(render(compared([{"a": 1000, "b": 1000, "c": 0, "roof": 20_000}]), FACTS, "en"))
    assert "12.5%" in page.text


@pytest.mark.parametrize(("is_named", "homes", "schools"), [(True, 3, 2), (False, 1, 1)], ids=["names", "lot"])
def test_categories_are_in_the_language_of_the_report(
    comparison: Comparison, is_named: bool, homes: int, schools: int
) -> None:
    """Of groups, and with names also of the two homes and the school."""
    for language, (home, school) in zip(LANGUAGES, (("Homes", "Schools"), ("Logements", "Écoles")), strict=True):
        text = Page(render(comparison, replace(FACTS, is_named=is_named), language)).text
        assert (text.count(home), text.count(school)) == (homes, schools)
        assert not re.search("home|school", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_that_share_the_same_are_both_the_best(language: Language) -> None:
    """All that can be used is shared under both. What euros leave out is said too."""
    page = Page(render(compared(STEPS, tariffs=[TARIFF]), FACTS, language))
    equal = {"en": "“prorata title”, “c-first title”", "fr": "«\xa0prorata titre\xa0», «\xa0c-first titre\xa0»"}
    assert f"{equal[language]} " in page.text
    assert {"en": "euros are too favourable", "fr": "les euros sont trop favorables"}[language] in page.text
    assert {"en": "Euros are what a member saves", "fr": "ce qu’un membre économise"}[language] in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_members_are_paid_for_what_they_keep_is_said_and_is_no_saving(language: Language) -> None:
    """a uses 160 kWh more and saves EUR 16; for the 520 kWh that it cannot use it is paid EUR 520."""
    steps: list[dict[str, int | None]] = [{point: wh and wh * 100 for point, wh in step.items()} for step in STEPS]
    tariff = replace(TARIFF, surplus_eur_per_kwh=Decimal(1))
    found = compared(steps, {"spain": KEYS["spain"]}, tariffs=[tariff])
    facts = replace(FACTS, keys=tuple(key for key in FACTS.keys if key.name in (TODAY, "spain")))
    (row,) = found.members.filter(key="spain", point="a").to_dicts()
    assert (row["revenue_eur"], row["difference_eur"]) == (Decimal(520), Decimal(536))
    text = Page(render(found, facts, language)).text
    assert TEXTS["row.revenue.kept"][LANGUAGES.index(language)] in text
    gained = {"en": "+160.0\xa0kWh (+€16)", "fr": "+160,0\xa0kWh (+16\xa0€)"}[language]
    assert f"{FACTS.labels['a']}, {gained}" in text


def test_years_are_named_where_there_is_no_room_for_months() -> None:
    months = [f"{year}-{month:02}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    assert [name for name in names_of(months, Numbers("en")) if name] == ["2023", "2024", "2025"]
    assert names_of(months[:3], Numbers("fr")) == ["J", "F", "M"]


def test_figures() -> None:
    english, french = Numbers("en", 1), Numbers("fr", 1)
    assert [n.kwh(-1_234_560) for n in (english, french)] == ["−1,234.6", "−1\u202f234,6"]
    assert [n.kwh(40, signed=True) for n in (english, french)] == ["0.0", "0,0"], "nothing has no sign"
    assert [n.eur(Decimal("-5.952"), signed=True, decimals=2) for n in (english, french)] == ["−€5.95", "−5,95\xa0€"]
    assert [n.percent(0.125) for n in (english, french)] == ["12.5%", "12,5\xa0%"]
    assert [n.kwh(None) for n in (english, french)] == ["–", "–"]
    assert [n.months("2025-04", "2026-03") for n in (english, french)] == [
        "from April 2025 to March 2026", "d’avril 2025 à mars 2026",
    ]  # fmt: skip
    assert [n.months("2025-01", "2025-12") for n in (english, french)] == [
        "from January to December 2025", "de janvier à décembre 2025",
    ]  # fmt: skip
    assert french.day(date(2026, 1, 1)) == "1er janvier 2026"


@given(st.sets(st.text(min_size=1)), st.text(), st.text())
def test_pseudonyms_are_a_lot(points: set[str], seed: str, other: str) -> None:
    labels = pseudonyms(points, seed)
    assert sorted(labels.values(), key=lambda label: int(label[1:])) == [f"M{n + 1}" for n in range(len(points))]
    assert labels == pseudonyms(sorted(points), seed)
    if other == seed:
        assert pseudonyms(points, other) == labels


def test_names_that_several_have() -> None:
    twice = POINTS.with_columns(name=POINTS["name"].replace("B", "A"))
    assert names(twice) == {"a": "A (a)", "b": "A (b)", "c": "C", "roof": "R"}


@settings(deadline=None)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=200), st.sampled_from(["M", "A name " * 28]))
def test_bars_stay_in_their_chart(values: Sequence[int], name: str) -> None:
    """Also where people gave their points the longest names that there may be."""
    rows = [(f"{name}{place}", float(value), str(value)) for place, value in enumerate(sorted(values, reverse=True))]
    for chart in (named_bars(rows[:MOST_NAMED], "title"), thin_bars(rows, "title")):
        svg = fromstring(chart)  # noqa: S314
        _, _, width, height = map(float, (svg.get("viewBox") or "").split())
        bars = [
            {name: float(bar.get(name) or "nan") for name in ("x", "y", "width", "height")} for bar in svg.iter("rect")
        ]
        assert len(bars) in (len(rows), min(len(rows), MOST_NAMED))
        for bar in bars:
            assert -0.1 <= bar["x"] <= bar["x"] + bar["width"] <= width + 0.1
            assert -0.1 <= bar["y"] <= bar["y"] + bar["height"] <= height + 0.1
