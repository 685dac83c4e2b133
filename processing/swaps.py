"""Meter swaps that an operator recorded: the new register goes on from where the old one ended."""

import polars as pl


def join_swaps(registers: pl.DataFrame, swaps: pl.DataFrame) -> pl.DataFrame:
    """Swaps with the line of the old register (`line`) and that of the new one (`new_line`), in order of time."""
    of_register = ["point_no", "flow", "tariff"]
    at = pl.col("at")
    before = swaps.join(registers, on=of_register).filter(pl.col("valid_from") < at, at <= pl.col("valid_to"))
    after = swaps.join(registers, on=of_register).filter(pl.col("valid_from") <= at, at < pl.col("valid_to"))
    this_swap = [*of_register, "at"]
    old = before.sort("valid_from").unique(this_swap, keep="last", maintain_order=True)
    new = after.sort("valid_from").unique(this_swap, keep="last", maintain_order=True)
    return old.join(new.select(*this_swap, new_line="line"), on=this_swap).sort("at")


def one_line_each(registers: pl.DataFrame, joined: pl.DataFrame) -> pl.DataFrame:
    """Registers of which those joined by swaps have one line, each up to the swap, or from it on."""
    for line, new_line, at in joined.select("line", "new_line", "at").iter_rows():
        if line == new_line:
            continue
        is_old, is_new = pl.col("line") == line, pl.col("line") == new_line
        registers = registers.with_columns(
            valid_to=pl.when(is_old).then(pl.min_horizontal("valid_to", pl.lit(at))).otherwise("valid_to"),
            valid_from=pl.when(is_new).then(pl.max_horizontal("valid_from", pl.lit(at))).otherwise("valid_from"),
        )
    return registers.with_columns(line=_renumber(_first_lines(joined)))


def _first_lines(joined: pl.DataFrame) -> dict[int, int]:
    """Of each line that a swap leads to, the line where it all began."""
    first: dict[int, int] = {}
    pairs: list[tuple[int, int]] = joined.select("line", "new_line").rows()
    for line, new_line in pairs:
        if line != new_line:
            first[new_line] = first.get(line, line)
    return first


def _renumber(first: dict[int, int]) -> pl.Expr:
    return pl.col("line").replace(list(first), list(first.values()))


def carry_across(lines: pl.DataFrame, joined: pl.DataFrame) -> pl.DataFrame:
    """Let the new register go on from where the old one ended, and add the index of each swap as a reading."""
    first = _first_lines(joined)
    steps = joined.select(
        _renumber(first),
        at_us=pl.col("at").dt.epoch("us"),
        shift_wh=pl.col("old_wh") - pl.col("new_wh"),
        old_wh="old_wh",
    ).sort("line", "at_us")
    steps = steps.with_columns(shift_wh=pl.col("shift_wh").cum_sum().over("line"))
    before_wh = pl.col("shift_wh").shift(1, fill_value=0).over("line")
    limits = lines.select("line", "percent_of_w").unique("line")
    indexes = steps.with_columns(wh=pl.col("old_wh") + before_wh).join(limits, on="line").select(lines.columns)
    moved = lines.join(indexes.select("line", "at_us"), on=["line", "at_us"], how="anti").sort("at_us")
    moved = moved.join_asof(
        steps.select("line", "at_us", "shift_wh").sort("at_us"), on="at_us", by="line", check_sortedness=False
    )
    moved = moved.with_columns(wh=pl.col("wh") + pl.col("shift_wh").fill_null(0)).select(lines.columns)
    return pl.concat([moved, indexes])
