"""The sections of the report: tables and charts of a comparison, in the words of a language. Pure."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

import polars as pl

from energy.proposals import TODAY
from processing.compare_tables import FEWEST, NOTICED_WH, Comparison
from processing.indicators import SEASONS
from processing.report_charts import MOST_NAMED, months, named_bars, spread, thin_bars
from processing.report_facts import Facts
from processing.report_kinds import kind_of
from processing.report_numbers import Numbers, hardened
from processing.report_side import side_rows
from processing.report_tables import Cell, table
from processing.report_texts import plain, said

MOST_LETTERS: Final = 30
"""So many months have room for a letter each."""
TOPS: Final = (0.25, 0.5, 0.75, 1.0)
"""Where the axis of a rate may end."""


class Pages:
    """The sections of one report."""

    def __init__(self, comparison: Comparison, facts: Facts, numbers: Numbers) -> None:
        self._comparison = comparison
        self._facts = facts
        self._numbers = numbers
        self._proposed = [key.name for key in facts.keys if key.name != TODAY]
        self.titles: dict[str, str] = {
            key.name: key.title(numbers.language) or plain(numbers.language, "today") for key in facts.keys
        }

    def side_by_side(self) -> Iterator[str]:
        """Every measure a row, every key a column, the best of each row marked by a star."""
        rows = side_rows(self._comparison, self._numbers)
        yield f"<section><h2>{self._say('side')}</h2><p>{self._say('side.best')}</p>"
        yield table([self._say("measure"), *self._heads()], rows)
        yield "</section>"

    def who(self) -> Iterator[str]:
        """Of each proposed key how many gain and lose, who most, and a bar for each member."""
        eur = f" {self._say('who.eur')}" if self._comparison.has_euros else ""
        yield f'<section><h2>{self._say("who")}</h2><p>{self._say("who.lead")}{eur}</p><div class="charts">'
        saved = self._members(TODAY).select("point", saved_today_eur="saving_eur")
        for name in self._proposed:
            rows = self._members(name).filter(pl.col("difference_wh").is_not_null()).join(saved, on="point", how="left")
            rows = rows.with_columns(saved_eur=pl.col("saving_eur") - pl.col("saved_today_eur"))
            rows = rows.sort("difference_wh", "label", descending=[True, False])
            if rows.is_empty():
                continue
            yield f"<figure><figcaption><h3>{escape(self.titles[name])}</h3>{self._counts(rows)}</figcaption>"
            bars = [
                (row["label"], row["difference_wh"] / 1000, self._numbers.kwh(row["difference_wh"], signed=True))
                for row in rows.iter_rows(named=True)
            ]
            title = self._plain("who.chart", title=self.titles[name])
            yield named_bars(bars, title) if len(bars) <= MOST_NAMED else thin_bars(bars, title)
            yield "</figure>"
        yield "</div></section>"

    def months(self) -> Iterator[str]:
        """Of each proposed key a bar for each month beside today's."""
        by_month = self._comparison.months
        top = by_month["self_consumption_rate"].max()
        if not isinstance(top, float) or not top:
            return
        ticks = self._ticks(top)
        today = {m: r for k, m, r in by_month.select("key", "month", "self_consumption_rate").rows() if k == TODAY}
        yield f'<section><h2>{self._say("month")}</h2><p>{self._say("month.lead")}</p><div class="charts">'
        for key in self._proposed:
            rates = by_month.filter(pl.col("key") == key).select("month", "self_consumption_rate").rows()
            names = names_of([month for month, _ in rates], self._numbers)
            bars = [(name, rate, today.get(month)) for name, (month, rate) in zip(names, rates, strict=True)]
            title = self._plain("month.chart", title=self.titles[key])
            yield f"<figure><figcaption><h3>{escape(self.titles[key])}</h3></figcaption>"
            yield f"{months(bars, title, ticks)}</figure>"
        yield "</div></section>"

    def evenness(self) -> Iterator[str]:
        """Members' rates as dots, then the parity of categories and the seasons."""
        rows: list[tuple[str, list[float], tuple[float, float, float]]] = []
        for name, title in self.titles.items():
            # In order of the rates: that of the points would tell who is who.
            rates = self._members(name)["autoproduction_rate"].drop_nulls().sort()
            if rates.len():
                low, middle, high = (rates.quantile(q, "linear") or 0.0 for q in (0.1, 0.5, 0.9))
                rows.append((title, rates.to_list(), (low, middle, high)))
        if not rows:
            return
        ticks = self._ticks(max(max(values) for _, values, _ in rows))
        yield f'<section><h2>{self._say("even")}</h2><p>{self._say("even.lead")}</p><figure class="wide">'
        yield f"{spread(rows, self._plain('even.chart'), ticks)}</figure>"
        few = "" if self._facts.is_named else self._plain("category.few", count=FEWEST)
        meaning = self._plain("category.is", few=few)
        yield from self._groups(("category", "group"), "parity", meaning, "category")
        yield from self._groups(("season",), "gini", self._plain("seasons.is"), "seasons")
        yield "</section>"

    def producers(self) -> Iterator[str]:
        """What members had of the energy of each producer."""
        makers = self._members(TODAY).filter(pl.col("production_wh").is_not_null()).sort("place")
        if makers.is_empty():
            return
        found = {name: _by_point(self._members(name)) for name in self.titles}
        eur = self._say("sold.eur") if self._comparison.has_euros else ""
        yield f"<section><h2>{self._say('sold')}</h2><p>{self._say('sold.lead', eur=eur)}</p>"
        rows = [
            [Cell(row["label"]), Cell(self._numbers.kwh(row["production_wh"])),
             *(self._cell(of.get(row["point"]), "sold_wh", "revenue_eur", signed=False) for of in found.values())]
            for row in makers.iter_rows(named=True)
        ]  # fmt: skip
        yield table([self._say("producer"), self._say("injected"), *self._heads()], rows)
        yield "</section>"

    def annex(self) -> Iterator[str]:
        """Every member who consumes a row, with what it has today and the differences."""
        members = self._members(TODAY).filter(pl.col("consumption_wh").is_not_null()).sort("place")
        found = {name: _by_point(self._members(name)) for name in self._proposed}
        eur = self._say("annex.eur") if self._comparison.has_euros else ""
        yield f'<section class="annex"><h2>{self._say("annex")}</h2><p>{self._say("annex.lead", eur=eur)}</p>'
        is_named = self._facts.is_named
        rows = [
            [Cell(row["label"]), *([Cell(self._kind(row["category"]), is_text=True)] if is_named else []),
             Cell(self._numbers.kwh(row["consumption_wh"])), Cell(self._numbers.kwh(row["allocated_wh"])),
             *(self._cell(found[name].get(row["point"]), "difference_wh", "difference_eur") for name in self._proposed)]
            for row in members.iter_rows(named=True)
        ]  # fmt: skip
        heads = [self._say("member"), *([self._say("is")] if is_named else []), self._say("consumed")]
        yield table([*heads, *self._heads()], rows)
        yield "</section>"

    def _groups(self, kinds: Sequence[str], indicator: str, meaning: str, title: str) -> Iterator[str]:
        """A table with a row for each group and a column for each key."""
        of_kind = self._comparison.equity.filter(pl.col("group_kind").is_in(kinds))
        is_season = kinds == ("season",)
        order = list(dict.fromkeys(SEASONS.values()))
        groups = of_kind.select("group_kind", "group_name").unique().rows()
        groups.sort(key=lambda group: order.index(group[1]) if is_season else group)
        if len(groups) < 2:
            return
        found = {(key, kind, name): value for key, kind, name, value in
                 of_kind.select("key", "group_kind", "group_name", indicator).rows()}  # fmt: skip
        rows = [
            [Cell(self._plain(group) if is_season else self._kind(group)),
             *(Cell(self._numbers.number(found.get((name, kind, group)), 2)) for name in self.titles)]
            for kind, group in groups
        ]  # fmt: skip
        yield f"<h3>{self._say(title)}</h3><p>{escape(meaning)}</p>"
        yield table([self._say("season" if is_season else "group"), *self._heads()], rows)

    def _counts(self, rows: pl.DataFrame) -> str:
        changes: list[int] = rows["difference_wh"].to_list()
        gaining, losing = sum(c >= NOTICED_WH for c in changes), sum(c <= -NOTICED_WH for c in changes)
        more = f"{self._counted('who.more', gaining)}, {self._counted('who.less', losing)}"
        same = len(changes) - gaining - losing
        counts = f"{more} ; {self._counted('who.same', same)}." if same else f"{more}."
        sentences = [escape(hardened(counts[0].upper() + counts[1:], self._numbers.language), quote=False)]
        for name, place, is_there in (("who.most", 0, gaining), ("who.least", -1, losing)):
            row = rows.row(place, named=True)
            also = "" if row["saved_eur"] is None else f" ({self._numbers.eur(row['saved_eur'], signed=True)})"
            if is_there:
                kwh = self._numbers.kwh(row["difference_wh"], signed=True)
                sentences.append(self._say(name, member=row["label"], kwh=kwh, eur=also))
        return f"<p>{' '.join(sentences)}</p>"

    def _members(self, key: str) -> pl.DataFrame:
        """Rows of a key with the labels of the points, and the place of each among them."""
        rows = self._comparison.members.filter(pl.col("key") == key)
        labels = [self._facts.labels[point] for point in rows["point"]]
        length = (lambda _: 0) if self._facts.is_named else len  # M10 comes after M9
        places = {label: at for at, label in enumerate(sorted(set(labels), key=lambda text: (length(text), text)))}
        return rows.with_columns(label=pl.Series(labels, dtype=pl.String),
                                 place=pl.Series([places[label] for label in labels], dtype=pl.Int32))  # fmt: skip

    def _cell(self, row: dict[str, Any] | None, energy: str, money: str, *, signed: bool = True) -> Cell:
        if row is None:
            return Cell(self._numbers.kwh(None))
        below = self._numbers.eur(row[money], signed=signed) if row[money] is not None else ""
        return Cell(self._numbers.kwh(row[energy], signed=signed), below)

    def _heads(self) -> Sequence[str]:
        return [escape(title, quote=False) for title in self.titles.values()]

    def _ticks(self, highest: float) -> list[tuple[float, str]]:
        top = next(top for top in (*TOPS, highest) if top >= highest)
        return [(part * top, self._numbers.part(part * top)) for part in (0.0, 0.5, 1.0)]

    def _counted(self, name: str, count: int) -> str:
        return self._plain({0: f"{name}.none", 1: f"{name}.one"}.get(count, name), count=self._numbers.number(count))

    def _kind(self, name: str | None) -> str:
        """A category or group in the language of the report."""
        return kind_of(name or "", self._numbers.language)

    def _say(self, name: str, **figures: object) -> str:
        return said(self._numbers.language, name, **figures)

    def _plain(self, name: str, **figures: object) -> str:
        return plain(self._numbers.language, name, **figures)


def names_of(months: Sequence[str], numbers: Numbers) -> list[str]:
    """What is written below a bar for each month: its first letter, or in each January the year where they are many."""
    if len(months) > MOST_LETTERS:
        return [month[:4] if month.endswith("-01") else "" for month in months]
    return [numbers.month(month)[0].upper() for month in months]


def _by_point(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["point"]: row for row in rows.iter_rows(named=True)}
