"""The key by pairs: what each producer's production offers and gives each member."""

from collections.abc import Iterator, Mapping

import polars as pl

from energy.frames import UTC_TIME
from energy.keys import MatrixKey
from processing.apportion import apportion, promised, sums


def pairs(rows: pl.DataFrame, points: pl.Series, key: MatrixKey) -> pl.DataFrame:
    """Split what each producer made among its members, and what each member used among its producers.

    Args:
        rows: as `offer` takes them.
        points: ids by number.
        key: one that passes `fault_of`.

    Returns:
        producer and member (places of their rows), share_wh and allocated_wh, in order of member and producer. What a
        member used of each producer is pro rata of what each offered it. Whole Wh by largest remainder: of a
        producer's offers ties go to the lower id of the member, of what a member used to that of the producer.
    """
    placed = rows.with_row_index("place").with_columns(pl.col("place").cast(pl.Int64))
    producers = placed.filter(pl.col("made") > 0).select("start", "group", "made", "point_no", producer="place")
    members = placed.filter("is_there").select("group", "need", member_no="point_no", member="place")
    found = pl.concat(_offered(producers, points, key)).join(members, on=["group", "member_no"]).drop("group")
    found = found.sort("producer", "member").with_columns(group=pl.col("producer").rle_id().cast(pl.UInt32))
    made = found.group_by("group", maintain_order=True).agg(pl.col("made").first())["made"]
    total = promised(made, sums(found, "weight", len(made)), key.whole)
    found = found.with_columns(share_wh=apportion(found, total, base=made, whole=key.whole))
    found = found.sort("member", "producer").with_columns(group=pl.col("member").rle_id().cast(pl.UInt32))
    needs = found.group_by("group", maintain_order=True).agg(pl.col("need").first(), pl.col("share_wh").sum())
    used = needs.select(pl.min_horizontal("need", "share_wh")).to_series()
    allocated = apportion(found.select("group", weight="share_wh"), used, whole=needs["share_wh"])
    return found.select("producer", "member", "share_wh", allocated_wh=allocated)


def _offered(producers: pl.DataFrame, points: pl.Series, key: MatrixKey) -> Iterator[pl.DataFrame]:
    """For each producer the members that the key names for it in the step: member_no and weight, parts of the whole."""
    numbers = {point: number for number, point in enumerate(points)}
    dated = pl.DataFrame(
        [(start, *row) for start, matrix in key.steps_ppm.items() for row in _cells(matrix, numbers)],
        schema={"start": UTC_TIME, "point_no": pl.Int32, "member_no": pl.Int32, "weight": pl.Int64},
        orient="row",
    )
    always = pl.DataFrame([*_cells(key.shares_ppm, numbers)], schema=dated.drop("start").schema, orient="row")
    columns = ["group", "made", "producer", "member_no", "weight"]
    is_dated = pl.col("start").is_in(pl.Series([*key.steps_ppm], dtype=UTC_TIME).implode())
    yield producers.filter(~is_dated).join(always, on="point_no").select(columns)
    yield producers.join(dated, on=["start", "point_no"]).select(columns)


def _cells(matrix: Mapping[str, Mapping[str, int]], numbers: Mapping[str, int]) -> Iterator[tuple[int, int, int]]:
    for producer, shares_ppm in matrix.items():
        for member, ppm in shares_ppm.items():
            if producer in numbers and member in numbers:
                yield numbers[producer], numbers[member], ppm
