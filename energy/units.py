"""Energy as text, as kWh and as whole watt-hours.

Inside the hub energy is int64 Wh; kWh lives in payloads and pages.
"""

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

WH_PER_KWH: Final = 1000
LARGEST_VALUE: Final = 9.0e15
"""Largest magnitude a reading may carry: below 2**53, so whole watt-hours survive a double exactly."""
_EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Multiplies without rounding: the usual 28 digits would round twice."""


def wh_from_kwh(text: str) -> int:
    """Read kilowatt-hours written as decimal text as whole watt-hours, half to even.

    Raises:
        ValueError: the text is not a finite decimal number, or is too large for any register.
    """
    try:
        kwh = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not kwh.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    if kwh.copy_abs() > LARGEST_VALUE / WH_PER_KWH:
        raise ValueError(f"{text!r} kWh is more than any register holds")
    return int(_EXACT.multiply(kwh, Decimal(WH_PER_KWH)).to_integral_value(ROUND_HALF_EVEN))


def kwh_text(energy_wh: int) -> str:
    """Write whole watt-hours as kilowatt-hours with three decimals, exactly."""
    sign = "-" if energy_wh < 0 else ""
    whole, rest = divmod(abs(energy_wh), WH_PER_KWH)
    return f"{sign}{whole}.{rest:03d}"
