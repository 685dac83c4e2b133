"""Which key of the report bears the star of a row, and which does not."""

import pytest

from energy.keys import StaticKey
from processing.report_numbers import Numbers
from processing.report_side import side_rows
from processing.report_texts import TEXTS
from tests.test_compare import KEYS, STEPS, TARIFF, compared


@pytest.mark.parametrize(("proposed", "stars"), [(["prorata"], 1), (["prorata", "spain"], 0)])
def test_no_revenue_is_best_beside_a_key_under_which_members_keep_their_part(proposed: list[str], stars: int) -> None:
    found = compared(STEPS, {name: KEYS[name] for name in proposed}, tariffs=[TARIFF])
    (revenue,) = (row for row in side_rows(found, Numbers("en")) if row[0].text.startswith(TEXTS["row.revenue"][0]))
    assert sum(bool(cell.star) for cell in revenue) == stars


def test_a_key_that_gives_nobody_anything_is_not_the_most_even() -> None:
    """All rates are zero then, and no gap is between them; of keys that share, the star is that of the most even."""
    keys = {"nobody": StaticKey({"c": 1_000_000}), "c-first": KEYS["c-first"], "prorata": KEYS["prorata"]}
    found = compared([{"a": 2000, "b": 4000, "c": 0, "roof": 3000}], keys)
    (gap,) = (row for row in side_rows(found, Numbers("en")) if row[0].text == TEXTS["row.p90_p10"][0])
    stars = [name for name, cell in zip(found.keys["key"], gap[1:], strict=True) if cell.star]
    assert stars == ["prorata"]
