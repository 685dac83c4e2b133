"""The reference of territory.toml lists every entry with its default, and its example is a file that is understood."""

import re
from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel

from energy.model import Quantity, unit_of
from energy.territory import parse_territory
from energy.territory_file import (
    BandEntry,
    CommunityEntry,
    DeviceEntry,
    HolderEntry,
    KeyEntry,
    MembershipEntry,
    PointEntry,
    RoleEntry,
    RoundEntry,
    SiteEntry,
    StepEntry,
    TariffEntry,
    TerritoryFile,
)
from energy.territory_sites import RATIOS, SIGNED

DOCS: Final = Path(__file__).parents[1] / "docs"
TABLES: Final[dict[str, type[BaseModel]]] = {
    "community": CommunityEntry,
    "community.key": KeyEntry,
    "community.key.step": StepEntry,
    "community.key.round": RoundEntry,
    "community.tariff": TariffEntry,
    "community.tariff.band": BandEntry,
    "holder": HolderEntry,
    "point": PointEntry,
    "point.membership": MembershipEntry,
    "point.device": DeviceEntry,
    "site": SiteEntry,
    "site.role": RoleEntry,
}
REQUIRED: Final = {"required", "obligatoire"}
NONE: Final = {"none", "aucun", "that of the hub", "celui du hub"}
"""How a page says that nothing is assumed."""
PAGES: Final = ["territory.md", "territory.fr.md"]


def rows(page: str) -> dict[str, dict[str, list[str]]]:
    """The cells of each table after the name of the entry, by heading and entry."""
    parts = re.split(r"^## `\[+([a-z.]+)\]+`$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        heading: {
            match[1]: [cell.strip() for cell in match[2].split("|")]
            for match in re.finditer(r"^\| `(\w+)` \|(.+)\|$", text, re.MULTILINE)
        }
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_entry_is_listed_and_no_other(page: str) -> None:
    names = {
        table: {field.alias or name for name, field in model.model_fields.items()} for table, model in TABLES.items()
    }
    assert {table: set(entries) for table, entries in rows(page).items()} == names


@pytest.mark.parametrize("page", PAGES)
def test_each_has_a_meaning_and_its_default(page: str) -> None:
    for table, model in TABLES.items():
        for name, field in model.model_fields.items():
            meaning, default, _example = rows(page)[table][field.alias or name]
            assert meaning.endswith("."), (table, name)
            assert (default in REQUIRED) == field.is_required(), (table, name)
            if not field.is_required() and isinstance(value := field.default, str | int):
                written = str(value).lower() if isinstance(value, bool) else value
                assert default.strip('`"') == str(written) or (written == "" and default in NONE), (table, name)


def test_no_table_of_the_file_is_forgotten() -> None:
    assert {name for name in TABLES if "." not in name} == TerritoryFile.model_fields.keys()


@pytest.mark.parametrize("page", PAGES)
def test_the_example_is_a_territory(page: str) -> None:
    example, *_ = re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    territory = parse_territory(example)
    assert {(site.prefix, site.dialect) for site in territory.sites} == {
        ("school/dtu", "opendtu"),
        ("cellar", "vzlogger"),
    }
    assert [point.id for point in territory.points] == ["home-1", "school-roof", "school"]
    assert [(mapping.device, mapping.channel) for mapping in territory.mappings] == [
        ("tasmota_DF20CB", ""),
        ("shellypro3em-1", ""),
        ("116181000001", ""),
        ("cellar", "chn0"),
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_quantity_is_listed_with_its_units(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    listed = {
        name: units.split(", ")
        for units, names in re.findall(r"^\| ([\w%, ]+) \| ((?:`\w+`(?:, )?)+) \| ", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert listed == {str(quantity): list(RATIOS[unit_of(quantity)]) for quantity in Quantity}
    assert set(re.findall(r"`(\w+)`", rows(page)["site.role"]["inverted"][0])) == {str(quantity) for quantity in SIGNED}
