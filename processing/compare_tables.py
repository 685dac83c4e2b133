"""What a comparison of keys says: sums of each key, member and month, and how evenly it is spread. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

import polars as pl

from energy.frames import EUR, EUROS
from energy.proposals import TODAY
from processing.compare import REPLAYED, Month
from processing.indicators import EQUITY, INDICATORS, equity, equity_of_group, groups_of, season

NOTICED_WH: Final = 1000
"""Who has a kWh more or less over all the months gains or loses; less is nobody's gain."""
FEWEST: Final = 3
"""A category or group that tells apart fewer members would tell which of them is which."""
GROUPED: Final = ("category", "group")
Table: TypeAlias = Literal["keys", "members", "months", "equity"]
TABLES: Final[tuple[Table, ...]] = get_args(Table)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The keys side by side; energy in Wh, money in EUR, rates as ratios of sums; null is not known.

    keys: one row a key, in the order in which they were given, today's first. members: one row a key and point.
    months: one row a key and local month. equity: one row a key and group of members who consume: `group_kind` is
    all, season, category or group, and `group_name` which. Differences are against today's keys. known, expected,
    without_key: as of `Month`, over all months. untelling: kind and name of the categories and groups of which no sum
    and no difference tells of fewer than FEWEST members.
    """

    keys: pl.DataFrame
    members: pl.DataFrame
    months: pl.DataFrame
    equity: pl.DataFrame
    known: int
    expected: int
    without_key: int
    untelling: frozenset[tuple[str, str]]

    @property
    def known_rate(self) -> float | None:
        """How much of what is expected is known, to a thousandth and rounded down: all is said only of all."""
        return self.known * 1000 // self.expected / 1000 if self.expected else None

    @property
    def has_euros(self) -> bool:
        """Whether a tariff says what anything of it is worth."""
        return self.keys["net_eur"].null_count() < self.keys.height

    @property
    def has_kept(self) -> bool:
        """Whether members keep what they cannot use under any key: they have more of producers than is shared."""
        sums = self.members.group_by("key").agg(pl.col("sold_wh", "allocated_wh").sum())
        return (sums["sold_wh"] > sums["allocated_wh"]).any()


def without_telling(comparison: Comparison) -> Comparison:
    """The same without what tells who is who among members that go by pseudonyms: the category of each, and groups."""
    members = comparison.members.with_columns(category=pl.lit(None, pl.String))
    equity = comparison.equity
    named = pl.Series([pair in comparison.untelling for pair in equity.select("group_kind", "group_name").iter_rows()])
    return replace(comparison, members=members, equity=equity.filter(named | ~equity["group_kind"].is_in(GROUPED)))


def compare(replayed: Sequence[tuple[str, pl.DataFrame]], months: Sequence[Month], points: pl.DataFrame) -> Comparison:
    """Put together what every key gave in every month.

    Args:
        replayed: REPLAYED of each key and month, with the name of the key; today's keys in each month first.
        months: what they were replayed on.
        points: COMPARED_POINTS of all who are in it.
    """
    names = list(dict.fromkeys(name for name, _ in replayed))
    columns = [pl.lit(name, pl.String).alias("key") for name, _ in replayed]
    order = pl.Enum(names)
    rows = pl.concat([frame.select(column, pl.all()) for column, (_, frame) in zip(columns, replayed, strict=True)])
    rows = _wholly_priced(rows.with_columns(pl.col("key").cast(order)).join(points.drop("name"), on="point"))
    members = _members(rows)
    evenness = _equity(rows)
    return Comparison(
        keys=_keys(rows, members, evenness).with_columns(pl.col("key").cast(pl.String)),
        members=members.with_columns(pl.col("key").cast(pl.String)),
        months=_rated(_summed(rows, "key", "month")).with_columns(pl.col("key").cast(pl.String)),
        equity=evenness.with_columns(pl.col("key").cast(pl.String)),
        known=sum(month.known for month in months),
        expected=sum(month.expected for month in months),
        without_key=sum(month.without_key for month in months),
        untelling=_untelling(members.filter(pl.col("key") == TODAY, pl.col("consumption_wh") > 0), points),
    )


def _untelling(consuming: pl.DataFrame, points: pl.DataFrame) -> frozenset[tuple[str, str]]:
    """Categories, then groups, the largest first, as long as all that they divide members into are FEWEST or more."""
    rows = consuming.select("point").join(points, on="point")
    by_name: dict[tuple[str, str], set[str]] = {}
    for point, category, groups in rows.select("point", "category", "groups").iter_rows():
        for kind, name in (("category", category), *(("group", group) for group in groups)):
            by_name.setdefault((kind, name), set()).add(point)
    told: list[tuple[str, str]] = []
    parts = [set(rows["point"])]
    for pair, of_it in sorted(by_name.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1])):
        divided = [half for part in parts for half in (part & of_it, part - of_it) if half]
        if min(map(len, divided)) >= FEWEST:
            told.append(pair)
            parts = divided
    return frozenset(told)


def _wholly_priced(rows: pl.DataFrame) -> pl.DataFrame:
    """The same without euros of months in which a point has none: the others' are not what the month is worth."""
    is_priced = pl.any_horizontal(pl.col(*EUROS[:2]).is_not_null())
    return rows.with_columns(pl.when(is_priced.all().over("month")).then(pl.col(name)).alias(name) for name in EUROS)


def _summed(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Sums by key and another column, in order; of what is not known at all there is none."""
    energy = [name for name in REPLAYED.names() if name.endswith("_wh")]
    net = pl.sum_horizontal("saving_eur", "revenue_eur").cast(EUR)
    return (
        rows.group_by(*by)
        .agg(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in (*energy, *EUROS))
        .with_columns(net_eur=pl.when(pl.any_horizontal(pl.col(*EUROS[:2]).is_not_null())).then(net))
        .sort(*by)
    )


def _members(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each key and point its sums, and the differences against today."""
    summed = _summed(rows, "key", "point")
    today = summed.filter(pl.col("key") == TODAY).select(
        "point", today_wh="allocated_wh", sold_today_wh="sold_wh", today_eur="net_eur"
    )
    return (
        summed.join(rows.select("point", "category", "role").unique(), on="point")
        .join(today, on="point", how="left")
        .with_columns(
            autoproduction_rate=_ratio("allocated_wh", "consumption_wh"),
            difference_wh=pl.col("allocated_wh") - pl.col("today_wh"),
            sold_difference_wh=pl.col("sold_wh") - pl.col("sold_today_wh"),
            difference_eur=pl.col("net_eur") - pl.col("today_eur"),
        )
        .drop("today_wh", "sold_today_wh", "today_eur", "local_value_eur", "retail_value_eur")
        .sort("key", "point")
    )


def _keys(rows: pl.DataFrame, members: pl.DataFrame, evenness: pl.DataFrame) -> pl.DataFrame:
    """Of each key the sums of all, who gains and who loses, and the indicators over all members."""
    noticed = pl.col("difference_wh")
    counts = members.group_by("key").agg(
        members=(pl.col("consumption_wh") > 0).sum(),
        gaining=(noticed >= NOTICED_WH).sum(),
        losing=(noticed <= -NOTICED_WH).sum(),
        most_gained_wh=noticed.max().clip(lower_bound=0),
        most_lost_wh=(-noticed.min()).clip(lower_bound=0),
    )
    over_all = evenness.filter(pl.col("group_kind") == "all").select("key", *INDICATORS).drop("parity")
    summed = _rated(_summed(rows, "key"))
    today = summed.row(0, named=True)
    differences = summed.with_columns(
        difference_wh=pl.col("allocated_wh") - today["allocated_wh"],
        difference_eur=pl.col("net_eur") - pl.lit(today["net_eur"], EUR),
        local_value_rate=_ratio("local_value_eur", "retail_value_eur"),
    )
    return differences.join(counts, on="key").join(over_all, on="key", how="left").sort("key")


def _rated(summed: pl.DataFrame) -> pl.DataFrame:
    """Sums of a community with its surplus and its rates."""
    return (
        summed.drop("sold_wh")
        .with_columns(pl.col("consumption_wh", "production_wh", "allocated_wh").fill_null(0))
        .with_columns(
            surplus_wh=pl.col("production_wh") - pl.col("allocated_wh"),
            self_consumption_rate=_ratio("allocated_wh", "production_wh"),
            self_sufficiency_rate=_ratio("allocated_wh", "consumption_wh"),
        )
    )


def _equity(rows: pl.DataFrame) -> pl.DataFrame:
    """Indicators of each key among all who consume, by season, by category and by group of members."""
    consuming = rows.filter(pl.col("consumption_wh").is_not_null()).with_columns(season())
    of_keys = ((key, consuming.filter(pl.col("key") == key)) for key in rows["key"].unique().sort())
    return pl.concat(
        [
            part.select(
                pl.lit(key, rows.schema["key"]).alias("key"),
                pl.lit(kind).alias("group_kind"),
                name.alias("group_name"),
                *EQUITY.names(),
            )
            for key, of_key in of_keys
            for kind, name, part in _parts(of_key)
        ]
    )


def _parts(rows: pl.DataFrame) -> Iterator[tuple[str, pl.Expr, pl.DataFrame]]:
    """Kind, name and indicators of every group of the members of a key."""
    yield "all", pl.lit(""), equity(rows)
    for kind in ("season", "category"):
        yield kind, pl.col(kind), equity(rows, (kind,))
    for group in groups_of(rows):
        yield "group", pl.lit(group), equity_of_group(rows, group)


def _ratio(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part).cast(pl.Float64) / pl.col(whole).cast(pl.Float64))
