"""The sites of territory.toml: who publishes below which topic, and what names that people chose measure."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from energy.errors import InvalidInput
from energy.model import ChannelRole, Quantity, Site, unit_of
from energy.territory_file import RoleEntry, SiteEntry, zone_named

RATIOS: Final[dict[str, dict[str, float]]] = {
    "Wh": {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6},
    "W": {"W": 1.0, "kW": 1e3},
    "VA": {"VA": 1.0, "kVA": 1e3},
    "V": {"V": 1.0, "mV": 1e-3},
    "A": {"A": 1.0, "mA": 1e-3},
    "m3": {"m3": 1.0, "l": 1e-3},
    "%": {"%": 1.0},
    "1": {"1": 1.0},
}
"""By the hub's unit: the units in which a device may say it, and how many of the hub's unit one of each is."""
SIGNED: Final = (
    Quantity.ACTIVE_POWER,
    Quantity.BATTERY_POWER,
    Quantity.LOAD_POWER,
    Quantity.PV_POWER,
    Quantity.PV_DC_POWER,
)
"""Powers that may have a sign. Of all else the direction is in the name of the quantity."""


def sites_from(entries: Iterable[SiteEntry]) -> Iterator[Site]:
    """Make the sites of entries that have the right shape.

    Raises:
        InvalidInput: a prefix that no topic begins with, a zone, quantity or unit that does not exist or fit.
    """
    for entry in entries:
        where = f"site {entry.prefix}"
        if "+" in entry.prefix or "#" in entry.prefix:
            raise InvalidInput(f"{where}: a prefix is the beginning of topics as they are, without + and #")
        if entry.prefix.endswith("/"):
            raise InvalidInput(f"{where}: a prefix is whole levels of a topic; write it without the / at its end")
        if not entry.name.isprintable() or entry.name != entry.name.strip("/ "):
            raise InvalidInput(f"{where}: {entry.name!r} cannot be the beginning of a device's id")
        if entry.zone:
            zone_named(entry.zone, where)
        roles = {name: _role(role, f"{where}, role {name}") for name, role in entry.role.items()}
        yield Site(entry.prefix, entry.dialect, entry.zone, entry.name, roles)


def nearest(word: str, words: Iterable[str]) -> str:
    """The end of a sentence that refuses a word: those of the words that look like it, "" where none does."""
    known = list(words)
    near = [candidate for candidate in known if _parts(candidate) == _parts(word)]  # energy_import is import_energy
    near = [*dict.fromkeys(near + get_close_matches(word.lower(), known, cutoff=0.5))]
    return f"; near it: {', '.join(near)}" if near else ""


def role_text(role: ChannelRole) -> str:
    """What a channel measures, in which unit, as people say it."""
    unit = unit_of(role.quantity)
    units = [name for name, ratio in RATIOS[unit].items() if ratio == abs(role.factor)]
    inverted = ", inverted" if role.factor < 0 else ""
    return f"{role.quantity} in {units[0] if units else f'{abs(role.factor):g} {unit}'}{inverted}"


def _parts(word: str) -> list[str]:
    return sorted(re.findall("[a-z0-9]+", word.lower()))


def _role(role: RoleEntry, where: str) -> ChannelRole:
    try:
        quantity = Quantity(role.quantity)
    except ValueError:
        near = nearest(role.quantity, Quantity)
        raise InvalidInput(f"{where}: no quantity is called {role.quantity!r:.60}{near}") from None
    ratios = RATIOS[unit_of(quantity)]
    ratio = ratios.get(role.unit or unit_of(quantity))
    if ratio is None:
        raise InvalidInput(f"{where}: {quantity} has no unit {role.unit!r:.60}; write {' or '.join(ratios)}")
    if role.inverted and quantity not in SIGNED:
        raise InvalidInput(
            f"{where}: {quantity} cannot be inverted, only a power that may have a sign ({', '.join(SIGNED)})"
        )
    return ChannelRole(quantity, -ratio if role.inverted else ratio)
