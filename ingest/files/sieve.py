"""Takes out of a frame of values what cannot be taken, remembering where and why, and makes content of the rest.

The frames hold `line` and, where a line number means nothing to people, `place`.
"""

from typing import Final

import polars as pl

from energy.frames import require
from energy.units import LARGEST_VALUE
from ingest.files.content import FILE_READINGS, Counts, FileContent, Problem
from ingest.files.order import KEY, with_key
from ingest.files.words import RANKS

LISTED: Final = 1000
"""Problems told one by one; of more only the number is told, for a file of another kind may have millions."""
_APART: Final = "[ \u00a0\u202f]"
_THOUSANDS: Final = rf"^-?\d{{1,3}}({_APART}\d{{3}})+([.,]\d+)?$"
"""1 234,5 as French spreadsheets write it, with a space, a hard one or a narrow one."""
_SPREADSHEET: Final = r"[eE]\+\d"
"""2,45E+07, which was 24482581: what is left is not what the operator wrote."""
_FROM: Final = pl.datetime(2000, 1, 1, time_zone="UTC")
_TO: Final = pl.datetime(2100, 1, 1, time_zone="UTC")
SHOWN: Final = 60
"""Characters of a file that a sentence quotes at most."""


class Sieve:
    """Problems and counts of one file while it is read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.unlisted = 0
        self.empty = self.refused = self.left_out = self.beside = 0

    def tell(self, place: int | str, reason: str) -> None:
        """Remember a problem of a place, while there are not too many."""
        if len(self.problems) < LISTED:
            self.problems.append(Problem(place, reason))
        else:
            self.unlisted += 1

    def refuse(self, frame: pl.DataFrame, bad: pl.Expr, reason: str, shown: str = "") -> pl.DataFrame:
        """Take out the rows where `bad` is true or null, each a problem; {} in `reason` is the column `shown`."""
        mask = frame.select(bad.fill_null(value=True).alias("bad")).to_series()
        if not mask.any():
            return frame
        rows = frame.filter(mask)
        self.refused += rows.height
        listed = max(LISTED - len(self.problems), 0)
        self.unlisted += max(rows.height - listed, 0)
        place = "place" if "place" in rows.columns else "line"
        rows = rows.head(listed)
        texts = _as_text(rows.get_column(shown)) if shown else rows.get_column(place)
        for where, text in zip(rows.get_column(place), texts, strict=True):
            self.problems.append(Problem(where, reason.format(repr(text[:SHOWN])) if shown else reason))
        return frame.filter(~mask)

    def words(self, frame: pl.DataFrame, column: str, told: dict[str, str], *, left_out: bool = False) -> pl.DataFrame:
        """Take out the rows whose word in `column` is told why not: one problem for each word, at its first line."""
        if not told:
            return frame
        bad = pl.col(column).is_in(list(told))
        place = "place" if "place" in frame.columns else "line"
        found = frame.filter(bad).group_by(column, maintain_order=True).agg(pl.col(place).first(), pl.len())
        for word, first, lines in found.select(column, place, "len").iter_rows():
            self.tell(first, f"{told[word]} ({lines_of(lines)})")
        taken_out = int(found.get_column("len").sum())
        if left_out:
            self.left_out += taken_out
        else:
            self.refused += taken_out
        return frame.filter(~bad)

    def times(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Take out the rows of a century that is not ours: clocks that were never set, years with a digit too many."""
        ours = pl.col("at").is_between(_FROM, _TO, closed="left")
        return self.refuse(frame, ~ours, "the time {} is not between 2000 and 2100", "at")

    def numbers(self, frame: pl.DataFrame, factor: pl.Expr | float = 1) -> pl.DataFrame:
        """Read the column `text` as `value` in the hub's unit; rows without text are gaps."""
        present = frame.filter(pl.col("text").is_not_null() & (pl.col("text") != ""))
        self.empty += frame.height - present.height
        lost = "a spreadsheet has taken digits away from the value {}: export the file again"
        present = self.refuse(present, pl.col("text").str.contains(_SPREADSHEET), lost, "text")
        text = pl.col("text")
        text = pl.when(text.str.contains(_THOUSANDS)).then(text.str.replace_all(_APART, "")).otherwise(text)
        number = text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        # A decimal of kW becomes the W that was meant and not its nearest binary neighbour.
        scaled = (number * factor).round(6) + 0.0
        present = present.with_columns(value=scaled if isinstance(factor, pl.Expr) or factor != 1 else number + 0.0)
        present = self.refuse(present, ~pl.col("value").is_finite(), "the value {} is not a number", "text")
        present = self.refuse(present, pl.col("value") < 0, "the value {} is negative", "text")
        return self.refuse(present, pl.col("value") > LARGEST_VALUE, "no meter counts as far as {}", "text")

    def content(self, kind: str, frame: pl.DataFrame) -> FileContent:
        """Make the content of what is left: the best nature of each instant, of equal ones the last line.

        Args:
            kind: the adapter's name.
            frame: the columns of FILE_READINGS, several values of one instant, in any order; perhaps `place`, and
                `rank` where the nature does not tell which of them counts.
        """
        words = [column for column, dtype in FILE_READINGS.items() if dtype == pl.String]
        if "rank" not in frame.columns:
            frame = frame.with_columns(rank=pl.col("nature").replace_strict(RANKS, return_dtype=pl.Int8))
        frame = frame.select(*FILE_READINGS.names(), "rank").with_columns(pl.col(words).cast(pl.Categorical))
        frame = with_key(frame, ("point", "quantity", "tariff"))
        several = frame.get_column(KEY).is_duplicated()
        kept = frame
        if several.any():
            best = self._best(frame.filter(several))
            kept = pl.concat([frame.filter(~several), best])
        kept = kept.sort(KEY).with_columns(pl.col(words).cast(pl.String))
        counts = Counts(
            seen=frame.height + self.empty + self.refused + self.left_out + self.beside,
            kept=kept.height,
            empty=self.empty,
            repeated=frame.height - kept.height,
            refused=self.refused,
            left_out=self.left_out,
            beside=self.beside,
        )
        problems = sorted(dict.fromkeys(self.problems), key=lambda problem: _sorting(problem.place))
        if self.unlisted:
            problems.append(Problem("the whole file", f"{self.unlisted} more problems like these are not listed"))
        return FileContent(kind, require(kept, FILE_READINGS), tuple(problems), counts)

    def _best(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The best value of each instant, of equal ones the last; those that contradict it are told."""
        frame = frame.sort("rank", "line")
        best = frame.unique(KEY, keep="last", maintain_order=True)
        beside = frame.join(best.select(KEY, "rank", "value", counts="line"), on=[KEY, "rank"], suffix="_counts")
        for line, counts in (
            beside.filter(pl.col("value") != pl.col("value_counts")).select("line", "counts").iter_rows()
        ):
            self.tell(line, f"the value differs from that of the same instant in line {counts}, which counts")
        return best


def lines_of(number: int) -> str:
    """So many lines, as a sentence says it."""
    return f"{number:,} line{'' if number == 1 else 's'}"


def _as_text(values: pl.Series) -> pl.Series:
    if values.dtype.is_temporal():
        return values.dt.to_string("%Y-%m-%d %H:%M:%S")
    return values.cast(pl.String).fill_null("")


def _sorting(place: int | str) -> tuple[int, str]:
    return (place, "") if isinstance(place, int) else (0, place)
