"""Tariffs as a territory file writes them, and as they are stored and published: JSON, prices as text."""

from collections.abc import Iterator, Mapping
from datetime import time
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from energy.errors import InvalidInput
from energy.tariffs import EVERY_DAY, Band, Tariff, TariffVersion, overlap_of
from energy.territory_file import BandEntry, CommunityEntry
from energy.validity import Validity

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def tariffs_from(community: CommunityEntry, zone: ZoneInfo) -> Iterator[TariffVersion]:
    """Make the tariffs of a community; the bands of each come in order of their names.

    Raises:
        InvalidInput: a band named twice, two that overlap, or a `to` that is not after its `from`.
    """
    for place, entry in enumerate(community.tariff, start=1):
        where = f"community {community.id}, tariff number {place}"
        bands = tuple(sorted((_band(band) for band in entry.band), key=lambda band: band.name))
        if len({band.name for band in bands}) < len(bands):
            raise InvalidInput(f"{where}: two bands have one name; give each its own")
        if overlap := overlap_of(bands):
            raise InvalidInput(
                f"{where}: bands {overlap[0]} and {overlap[1]} overlap; let one end where the other begins"
            )
        tariff = Tariff(
            entry.validity(zone, where),
            entry.retail_eur_per_kwh,
            entry.local_eur_per_kwh,
            entry.fees_eur_per_kwh,
            entry.fees_eur_per_month,
            entry.surplus_eur_per_kwh,
            bands,
        )
        yield TariffVersion(community.id, tariff)


def tariff_rule_of(tariff: Tariff) -> dict[str, Any]:
    """A tariff as it is stored and published, without its dates; bands by name."""
    rule: dict[str, Any] = {
        "retail_eur_per_kwh": _text(tariff.retail_eur_per_kwh),
        "local_eur_per_kwh": _text(tariff.local_eur_per_kwh),
        "fees_eur_per_kwh": _text(tariff.fees_eur_per_kwh),
        "fees_eur_per_month": _text(tariff.fees_eur_per_month),
        "surplus_eur_per_kwh": _text(tariff.surplus_eur_per_kwh),
    }
    return {**rule, "bands": {band.name: _band_rule(band) for band in tariff.bands}} if tariff.bands else rule


def tariff_of(rule: Mapping[str, Any], validity: Validity) -> Tariff:
    """The tariff that a stored rule means."""
    prices = {name: Decimal(text) for name, text in rule.items() if name != "bands"}
    bands = (
        Band(
            name,
            time.fromisoformat(band["start"]),
            time.fromisoformat(band["end"]),
            frozenset(DAYS.index(day) + 1 for day in band["days"]),
            Decimal(band["retail_eur_per_kwh"]),
            Decimal(band["local_eur_per_kwh"]) if "local_eur_per_kwh" in band else None,
        )
        for name, band in sorted(rule.get("bands", {}).items())
    )
    return Tariff(validity, **prices, bands=tuple(bands))


def _band(entry: BandEntry) -> Band:
    days = EVERY_DAY if entry.days is None else frozenset(DAYS.index(day) + 1 for day in entry.days)
    return Band(entry.name, entry.start, entry.end, days, entry.retail_eur_per_kwh, entry.local_eur_per_kwh)


def _band_rule(band: Band) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "start": f"{band.start:%H:%M}",
        "end": f"{band.end:%H:%M}",
        "days": [DAYS[day - 1] for day in sorted(band.days)],
        "retail_eur_per_kwh": _text(band.retail_eur_per_kwh),
    }
    local = band.local_eur_per_kwh
    return rule if local is None else {**rule, "local_eur_per_kwh": _text(local)}


def _text(price: Decimal) -> str:
    """A price as text that says an equal one in the same way: 0.250 is 0.25."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
