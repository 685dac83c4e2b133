"""The files of the built-in web page: texts in both languages, nothing from other hosts, recorded days that add up."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

from energy.territory_keys import ENTRIES

PAGE: Final = Path(__file__).parents[1] / "dashboards" / "page"
DATA: Final = Path(__file__).parent / "data" / "page"
TEXTS: Final = ("texts.js", "texts_month.js")
KINDS: Final = (".html", ".css", ".js", ".svg")
FIGURES: Final = ("production", "surplus", "shared", "bought", "consumption")
COLUMNS: Final = ("production_kwh", "surplus_kwh", "allocated_kwh", "residual_kwh", "consumption_kwh")
RATES: Final = ("self_consumption", "self_sufficiency", "coverage")


def texts() -> dict[str, list[str]]:
    """The objects of texts.js and texts_month.js, each of which is strict JSON; no key is in both."""
    found: dict[str, list[str]] = {}
    for name in TEXTS:
        source = (PAGE / name).read_text(encoding="utf-8")
        part = json.loads(source[source.index("TEXTS = {") + len("TEXTS = ") : source.rindex("}") + 1])
        assert found.keys() & part.keys() == set()
        found |= part
    return found


def sources(*suffixes: str) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(PAGE.iterdir()) if path.suffix in suffixes}


def test_every_text_is_in_english_and_in_french() -> None:
    for key, pair in texts().items():
        assert len(pair) == 2, key
        english, french = pair
        assert english.strip(), key
        assert french.strip(), key
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", french)), key
        assert not re.search(r" [;!?%»:]|« |'", french), f"{key}: a French sign wants a no-break space before it, or ’"
        assert "'" not in english, key


def test_every_text_asked_for_exists_and_none_is_idle() -> None:
    known = set(texts())
    scripts = "\n".join(text for name, text in sources(".js").items() if name not in TEXTS)
    asked = set(re.findall(r'data-(?:text|label)="([^"]+)"', (PAGE / "index.html").read_text(encoding="utf-8")))
    asked |= set(re.findall(r'(?:text|pieces|count)\(\s*"([^"]+)"', scripts))
    quoted = set(re.findall(r'"([^"\s]+)"', scripts)) & known  # keys in tables and conditions
    built = tuple(re.findall(r"`([a-z]+\.)\$\{", scripts))  # keys made from a name: figure.*, rate.*, category.*
    plural = {f"{key}.{form}" for key in asked for form in ("one", "other") if f"{key}.other" in known}
    assert len(asked) > 40
    assert len(built) > 3
    assert {key for key in asked if key not in known and f"{key}.other" not in known} == set()
    assert {key for key in known - asked - quoted - plural if not key.startswith(built)} == set()


def test_every_figure_and_rate_has_a_name_and_an_explanation() -> None:
    known = texts()
    listed = re.findall(r'\["(\w+)", "(\w+_kwh)"\]', sources(".js")["figures.js"])
    assert listed == list(zip(FIGURES, COLUMNS, strict=True))
    for name in (*(f"figure.{figure}" for figure in FIGURES), *(f"rate.{rate}" for rate in RATES)):
        assert {name, f"{name}.is"} <= set(known)


def test_every_kind_of_key_has_a_name() -> None:
    assert {f"key.{kind}" for kind in (*ENTRIES, "other")} == {key for key in texts() if key.startswith("key.")}


def test_the_page_asks_nothing_of_other_hosts() -> None:
    for name, text in sources(*KINDS).items():
        outside = re.findall(r"(?:https?:)//[^\s\"'`]+|[\"'(]//\w[^\s]*", text)
        assert set(outside) <= {"http://www.w3.org/2000/svg"}, name
    assert "default-src 'none'" in (PAGE / "index.html").read_text(encoding="utf-8")


def test_files_are_short_and_all_used() -> None:
    every = sources(*KINDS)
    for name, text in every.items():
        assert text.count("\n") <= 300, name
    everything = "\n".join(every.values())
    assert set(every) - {"index.html"} == set(re.findall(r'"(?:\./|page/)([\w.]+)"', everything))


def test_whatever_scrolls_sideways_has_a_shade_where_it_goes_on() -> None:
    report = (PAGE.parents[1] / "processing" / "report.css").read_text(encoding="utf-8")
    for name, text in {**sources(".css"), "report.css": report}.items():
        rules = [(selectors.strip(), body) for selectors, body in re.findall(r"([^{}]+){([^{}]*)}", text)]
        scrolling = [selectors for selectors, body in rules if re.search(r"overflow(-x)?: (auto|scroll)", body)]
        shaded = [selectors for selectors, body in rules if body.count("no-repeat local") == body.count("--shade") == 2]
        assert scrolling == shaded, name


def test_what_is_known_of_the_recorded_month_is_what_is_known_of_its_points() -> None:
    month = json.loads((DATA / "concarneau-value.json").read_text(encoding="utf-8"))
    for name in ("present", "expected"):
        assert sum(row[name] for row in month["rows"]) == month["totals"][name]
    for row in [*month["rows"], *month["months"], month["totals"]]:
        assert row["completeness"] == row["present"] * 10**6 // row["expected"] / 10**6


@pytest.mark.parametrize("name", ["concarneau", "mornant"])
def test_the_recorded_day_keeps_the_laws_of_a_balance(name: str) -> None:
    day = json.loads((DATA / f"{name}-day.json").read_text(encoding="utf-8"))
    for row in [*day["rows"], day["totals"]]:
        production, surplus, shared, bought, consumption = (round(row[column] * 1000) for column in COLUMNS)
        assert (shared + surplus, shared + bought) == (production, consumption)
    for column in COLUMNS:
        assert sum(round(row[column] * 1000) for row in day["rows"]) == round(day["totals"][column] * 1000)
