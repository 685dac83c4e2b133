"""A comparison of keys as a terminal shows it: the keys side by side, then the members."""

from typing import Final

import polars as pl

from energy.proposals import TODAY
from hub.tables import columns
from processing.report_facts import Compared
from processing.report_numbers import Language, Numbers
from processing.report_side import side_rows
from processing.report_texts import plain

MOST_MEMBERS: Final = 40
ENDING: Final[dict[Language, str]] = {
    "en": "{count} more members: see members.csv of --out DIR",
    "fr": "{count} autres membres : voir members.csv de --out DIR",
}


def table(compared: Compared, language: Language) -> str:
    """The keys in columns, a row for each measure and for each member; * marks the best of a row for all together."""
    comparison, facts = compared.comparison, compared.facts
    numbers = Numbers(language)
    heads = [_head(key.name, language) for key in facts.keys]
    rows = [
        [cells[0].text, *(f"* {cell.text}" if cell.star else cell.text for cell in cells[1:])]
        for cells in side_rows(comparison, numbers)
    ]
    lines = [f"{facts.community}, {numbers.months(facts.first, facts.last)}"]
    lines += columns([[plain(language, "measure"), *heads], *rows], right=range(1, len(heads) + 1))
    if any(cell.startswith("* ") for row in rows for cell in row[1:]):
        lines.append(plain(language, "short.star"))
    if comparison.known_rate is not None:
        lines.append(plain(language, "short.known", rate=numbers.percent(comparison.known_rate)))
    if comparison.without_key:
        lines.append(plain(language, "short.without_key", count=numbers.number(comparison.without_key)))
    if not comparison.has_euros:
        lines.append(plain(language, "short.no_euros"))
    return "\n".join([*lines, "", *_members(compared, numbers)])


def _members(compared: Compared, numbers: Numbers) -> list[str]:
    """What each member has today, and the difference under each key."""
    language, facts = numbers.language, compared.facts
    members = compared.comparison.members.filter(pl.col("consumption_wh").is_not_null())
    found = {(key, point): wh for key, point, wh in members.select("key", "point", "difference_wh").rows()}
    today = members.filter(pl.col("key") == TODAY).select("point", "consumption_wh", "allocated_wh").rows()
    today.sort(key=lambda row: (0 if facts.is_named else len(facts.labels[row[0]]), facts.labels[row[0]]))
    proposed = [key.name for key in facts.keys if key.name != TODAY]
    rows = [
        [
            facts.labels[point],
            numbers.kwh(consumption_wh),
            numbers.kwh(allocated_wh),
            *(numbers.kwh(found.get((name, point)), signed=True) for name in proposed),
        ]
        for point, consumption_wh, allocated_wh in today[:MOST_MEMBERS]
    ]
    lines = [plain(language, "short.members")]
    heads = [plain(language, "member"), plain(language, "consumed"), _head(TODAY, language), *proposed]
    lines += columns([heads, *rows], right=range(1, len(heads)))
    if len(today) > MOST_MEMBERS:
        lines.append(ENDING[language].format(count=len(today) - MOST_MEMBERS))
    return lines


def _head(key: str, language: Language) -> str:
    """How a key is called above its figures: today's in the language, the others by the names in keys.toml."""
    return plain(language, "today").lower() if key == TODAY else key
