"""kWh text and whole watt-hours: exact, half to even, and nothing that no register could hold."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.model import Quantity, unit_of
from energy.units import LARGEST_VALUE, kwh_text, wh_from_kwh

READ: list[tuple[str, str, int]] = [
    ("whole", "12", 12_000),
    ("decimals are not binary fractions", "1.001", 1001),
    ("nothing", "0.000", 0),
    ("below half a Wh", "0.00049", 0),
    ("half goes to even, down", "0.0005", 0),
    ("half goes to even, up", "0.0015", 2),
    ("a little more than half, far behind the comma", "0.0005000000000000000000000000000000001", 1),
    ("negative, as it comes", "-1.5", -1500),
    ("an exponent", "1.5e3", 1_500_000),
    ("vanishing", "1e-999999999", 0),
    ("the largest", "9000000000000", 9 * 10**15),
]


@pytest.mark.parametrize(("why", "text", "wh"), READ, ids=[row[0] for row in READ])
def test_kwh_are_read_as_whole_wh(why: str, text: str, wh: int) -> None:
    assert wh_from_kwh(text) == wh, why


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' is not a number"),
        ("1,5", "'1,5' is not a number"),
        ("nan", "not a finite number"),
        ("-inf", "not a finite number"),
        ("9000000000000.001", "more than any register holds"),
        ("-9000000000001", "more than any register holds"),
        ("1e999999", "more than any register holds"),
    ],
)
def test_what_is_no_energy_is_refused_at_once(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        wh_from_kwh(text)


@given(st.decimals(-(10**12), 10**12, allow_nan=False, places=40) | st.decimals(-9, 9, places=4))
def test_reading_rounds_once(kwh: Decimal) -> None:
    assert wh_from_kwh(str(kwh)) == round(Fraction(str(kwh)) * 1000)


@given(st.integers(-int(LARGEST_VALUE), int(LARGEST_VALUE)))
def test_energy_comes_back_from_its_text(energy_wh: int) -> None:
    text = kwh_text(energy_wh)
    assert wh_from_kwh(text) == energy_wh
    assert len(text.partition(".")[2]) == 3
    assert int(float(energy_wh)) == energy_wh, "as a double it is still exact"


WRITTEN = [(0, "0.000"), (1, "0.001"), (-1, "-0.001"), (999, "0.999"), (1000, "1.000"), (-123_456, "-123.456")]


@pytest.mark.parametrize(("energy_wh", "text"), WRITTEN)
def test_wh_are_written_as_kwh(energy_wh: int, text: str) -> None:
    assert kwh_text(energy_wh) == text


def test_every_quantity_has_the_unit_its_name_says() -> None:
    for quantity in Quantity:
        if "energy" in quantity:
            assert unit_of(quantity) == "Wh", quantity
        elif "apparent" in quantity:
            assert unit_of(quantity) == "VA", quantity
        elif quantity.endswith(("_power", "_power_avg")):
            assert unit_of(quantity) == "W", quantity
        else:
            assert unit_of(quantity) in {"%", "V", "A", "1", "m3"}, quantity
