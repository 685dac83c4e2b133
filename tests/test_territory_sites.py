"""The sites of territory.toml: what each entry becomes, and for every way to break one, a sentence that says so."""

import pytest

from energy.errors import InvalidInput
from energy.model import ChannelRole, Quantity, Site, unit_of
from energy.territory import parse_territory
from energy.territory_sites import RATIOS, SIGNED, nearest
from store.registry import difference

SITE = '[[site]]\nprefix = "s/dtu"\n'


def with_role(role: str, name: str = "chn0") -> str:
    return f"{SITE}[site.role]\n{name} = {{ {role} }}\n"


BROKEN: list[tuple[str, str, str]] = [
    ("a site without prefix", SITE + "[[site]]\n", "territory.toml, site number 2, prefix: this entry is missing"),
    ("an empty prefix", '[[site]]\nprefix = ""\n', "prefix: write 1 or more characters"),
    ("a prefix of two lines", '[[site]]\nprefix = "a\\nb"\n', "site 'a\\nb', prefix: no line breaks and no"),
    ("a prefix of a page", f'[[site]]\nprefix = "{"x" * 201}"\n',
        "prefix: write 200 characters or fewer"),
    ("a filter for a prefix", '[[site]]\nprefix = "a/+"\n',
        "site a/+: a prefix is the beginning of topics as they are"),
    ("any rest for a prefix", '[[site]]\nprefix = "a/#"\n',
        "site a/#: a prefix is the beginning of topics as they are"),
    ("an empty last level", '[[site]]\nprefix = "a/"\n',
        "site a/: a prefix is whole levels of a topic; write it without"),
    ("nothing but a slash", '[[site]]\nprefix = "/"\n', "site /: a prefix is whole levels of a topic"),
    ("two sites of a prefix", SITE + SITE, "territory.toml, site s/dtu is declared twice"),
    ("an unknown entry of a site", SITE + 'device = "x"\n', "site s/dtu, device: no such entry is known here"),
    ("a zone of a site that does not exist", SITE + 'zone = "Europe/Wien"\n',
        "site s/dtu: 'Europe/Wien' is not a time zone (example: Europe/Paris)"),
    ("a zone that is a file", SITE + 'zone = "../UTC"\n', "site s/dtu: '../UTC' is not a time zone"),
    ("a dialect that is no text", SITE + "dialect = 1\n",
        "site s/dtu, dialect: write it in quotes (got 1)"),
    ("a dialect of a page", SITE + f'dialect = "{"x" * 65}"\n', "dialect: write 64 characters or fewer"),
    ("a name that ends in a slash", SITE + 'name = "s/"\n',
        "site s/dtu: 's/' cannot be the beginning of a device's id"),
    ("a name that begins with a space", SITE + 'name = " s"\n', "' s' cannot be the beginning of a device's id"),
    ("a name that no screen shows", SITE + 'name = "s\\u2028"\n',
        "'s\\u2028' cannot be the beginning of a device's id"),
    ("a name that leaves no room for ids", SITE + f'name = "{"x" * 65}"\n', "name: write 64 characters or fewer"),
    ("a role without quantity", with_role('unit = "W"'), "site s/dtu, role, chn0, quantity: this entry is missing"),
    ("a role with a factor", with_role('quantity = "pv_power", factor = 2'),
        "role, chn0, factor: no such entry is known"),
    ("a role that is a word", SITE + '[site.role]\nchn0 = "pv_power"\n',
        "site s/dtu, role, chn0: write it as a table of entries, such as { id ="),
    ("a role of a name of two lines", with_role('quantity = "pv_power"', '"a\\nb"'),
        "'a\\nb': no line breaks and no"),
    ("a role of a name of a page", with_role('quantity = "pv_power"', "x" * 201),
        "write 200 characters or fewer"),
    ("a role of no name", with_role('quantity = "pv_power"', '""'), "write 1 or more characters"),
    ("a quantity almost right", with_role('quantity = "energy_import"'),
        "site s/dtu, role chn0: no quantity is called 'energy_import'; near it: import_energy, "),
    ("a quantity in capitals", with_role('quantity = "Active-Power"'), "near it: active_power, "),
    ("a quantity like no other", with_role('quantity = "xyz"'), "role chn0: no quantity is called 'xyz'"),
    ("an empty quantity", with_role('quantity = ""'), "chn0, quantity: write 1 or more characters"),
    ("a unit of something else", with_role('quantity = "import_energy", unit = "W"'),
        "site s/dtu, role chn0: import_energy has no unit 'W'; write Wh or kWh or MWh"),
    ("a unit in the wrong letters", with_role('quantity = "pv_power", unit = "KW"'),
        "has no unit 'KW'; write W or kW"),
    ("a unit of nothing", with_role('quantity = "battery_soc", unit = "1"'), "battery_soc has no unit '1'; write %"),
    ("an empty unit", with_role('quantity = "pv_power", unit = ""'), "unit: write 1 or more characters"),
    ("an inverted energy", with_role('quantity = "import_energy", inverted = true'),
        "site s/dtu, role chn0: import_energy cannot be inverted, only a power that may have a sign (active_power, "),
    ("an inverted power of one direction", with_role('quantity = "export_power", inverted = true'),
        "cannot be inverted"),
    ("an inversion that is no yes or no", with_role('quantity = "pv_power", inverted = 1'),
        "chn0, inverted: write true or false, without quotes"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "sentence"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_site_gives_one_sentence_that_names_the_culprit(why: str, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_territory(text)
    said = str(refusal.value)
    assert sentence in said, why
    assert said.startswith("territory.toml, site"), why
    assert "\n" not in said, why
    assert len(said) < 250, why


def test_every_quantity_can_be_a_role_in_each_of_its_units_and_only_powers_are_inverted() -> None:
    for quantity in Quantity:
        for unit, ratio in RATIOS[unit_of(quantity)].items():
            (site,) = parse_territory(with_role(f'quantity = "{quantity}", unit = "{unit}"')).sites
            assert site.roles == {"chn0": ChannelRole(quantity, ratio)}
        assert parse_territory(with_role(f'quantity = "{quantity}"')).sites[0].roles["chn0"].factor == 1
    for quantity in SIGNED:
        (site,) = parse_territory(with_role(f'quantity = "{quantity}", unit = "kW", inverted = true')).sites
        assert site.roles == {"chn0": ChannelRole(quantity, -1000)}


@pytest.mark.parametrize("name", ["chn0", "compteur d'eau / 2", "sensor.grid_import", "x" * 200])
def test_a_role_is_by_any_text(name: str) -> None:
    (site,) = parse_territory(with_role('quantity = "water_volume", unit = "l"', f'"{name}"')).sites
    assert site.roles == {name: ChannelRole(Quantity.WATER_VOLUME, 0.001)}


@pytest.mark.parametrize("prefix", ["/envoy/json", "a", "a//b", "//a", "é è", "hub/v1", "$x"])
def test_a_prefix_is_kept_as_it_is(prefix: str) -> None:
    assert parse_territory(f'[[site]]\nprefix = "{prefix}"\n').sites == (Site(prefix),)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("opndtu", "; near it: opendtu, ahoydtu"),
        ("OpenDTU", "; near it: opendtu, ahoydtu"),
        ("sml_tasmota", "; near it: tasmota_sml"),
        ("xyz", ""),
    ],
)
def test_words_that_look_alike(word: str, sentence: str) -> None:
    assert nearest(word, ["victron", "opendtu", "ahoydtu", "tasmota_sml"]) == sentence


def test_a_channel_may_have_any_name_when_it_changes() -> None:
    site = '[[site]]\nprefix = "a"\n[site.role]\ntype = { quantity = "import_energy", unit = "kWh" }\n'
    (change,) = difference(parse_territory(site), parse_territory(site.replace("kWh", "Wh")))
    assert change.text == "~ site a (type: import_energy in kWh -> import_energy in Wh)"
