"""Edits of a declared territory: what each is said to be, and what it makes stale. One row an edit, with its why."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from energy.model import Quantity, Reading
from tests.metering import DAY, HOUR, register

BASE: Final = (Path(__file__).parent / "data" / "territory" / "base.toml").read_text()
DAYS: Final = ["2026-01-05", "2026-01-06", "2026-01-07"]
HOME_DAYS: Final = frozenset(("m1", day) for day in DAYS)
VALLEY: Final = frozenset(("valley", day) for day in DAYS)
HILL: Final = frozenset(("hill", day) for day in DAYS)
HOME: Final = BASE[BASE.index('[[point]]\nid = "home"') : BASE.index('[[point]]\nid = "flat"')]
HILL_POINTS: Final = BASE[BASE.index('[[point]]\nid = "barn"') : BASE.index("[[site]]")]
SITES: Final = BASE[BASE.index("[[site]]") :]


def base_readings() -> list[Reading]:
    """Three mornings of each meter; m1b takes over from m1 on the second one, new is mapped to nothing yet."""
    said: list[Reading] = []
    for place, device in enumerate(("m1", "m2", "m3", "m4")):
        for day in range(3):
            values = [1000 * day + i * (40 + 7 * place) + place * (i % 3) for i in range(13)]
            said += register(device, values, DAY + timedelta(days=day, hours=8))
    for day in range(3):
        start = DAY + timedelta(days=day, hours=8)
        values = [5000 * day + i * 90 for i in range(13)]
        said += register("pv", values, start, quantity=Quantity.PV_ENERGY)
        said += register("m4", values, start, quantity=Quantity.EXPORT_ENERGY)
        said += register("new", values, start)
        if day:
            said += register("m1b", values, start + HOUR)
    return said


@dataclass(frozen=True)
class Edit:
    """Replacements in BASE, the lines that `hub apply` prints, and the marks: (device, day) and (community, day)."""

    why: str
    replace: list[tuple[str, str]]
    lines: list[str]
    series: frozenset[tuple[str, str]] = frozenset()
    communities: frozenset[tuple[str, str]] = frozenset()

    @property
    def after(self) -> str:
        """The territory as edited."""
        text = BASE
        for old, new in self.replace:
            assert old in text, f"{old!r} is not in the base"
            text = text.replace(old, new)
        return text


EDITS: Final = [
    Edit("no change", [], []),
    Edit(
        "consent changes what is published, not what is computed",
        [('id = "anna"\n', 'id = "anna"\nconsent = true\n')],
        ["~ holder anna (consent: false -> true)"],
    ),
    Edit(
        "a home is sold",
        [('id = "home"\nholder = "anna"', 'id = "home"\nholder = "bruno"')],
        ["~ point home (holder: anna -> bruno)"],
    ),
    Edit(
        "names are only shown",
        [('"Home"', '"House"'), ('"Below"', '"Down there"')],
        ["~ community valley (place: Below -> Down there)", "~ point home (name: Home -> House)"],
    ),
    Edit(
        "a consumer that gets panels is awaited with both flows",
        [('name = "Home"', 'name = "Home"\nrole = "prosumer"')],
        ["~ point home (role: consumer -> prosumer)"],
        HOME_DAYS,
        VALLEY,
    ),
    Edit(
        "a subscribed power makes some steps of the register unbelievable",
        [('name = "Home"', 'name = "Home"\nlimit_kva = 0.1')],
        ["~ point home (limit_w: nothing -> 100)"],
        HOME_DAYS,
        VALLEY,
    ),
    Edit(
        "a device was declared at the wrong point",
        [('device = [{ id = "m1" }]', ""), ('{ id = "m2" }', '{ id = "m2" }, { id = "m1" }')],
        ["~ device m1 measures grid of point flat (point: home -> flat)"],
        frozenset((device, day) for device in ("m1", "m2") for day in DAYS),
        VALLEY,
    ),
    Edit(
        "a device moves to another point of another community, within a day",
        [
            ('{ id = "m1" }', '{ id = "m1", to = 2026-01-06T09:07:00Z }'),
            ('{ id = "m3" }', '{ id = "m3" }, { id = "m1", from = 2026-01-06T09:07:00Z }'),
        ],
        [
            "~ device m1 measures grid of point home to 2026-01-06T09:07:00Z "
            "(valid_to: no end -> 2026-01-06T09:07:00Z)",
            "+ device m1 measures grid of point barn from 2026-01-06T09:07:00Z",
        ],
        frozenset((device, day) for device in ("m1", "m3") for day in DAYS),
        VALLEY | HILL,
    ),
    Edit(
        "a meter is swapped",
        [
            (
                '{ id = "m1" }',
                '{ id = "m1", to = 2026-01-06T09:00:00Z }, { id = "m1b", from = 2026-01-06T09:00:00Z }',
            )
        ],
        [
            "~ device m1 measures grid of point home to 2026-01-06T09:00:00Z "
            "(valid_to: no end -> 2026-01-06T09:00:00Z)",
            "+ device m1b measures grid of point home from 2026-01-06T09:00:00Z",
        ],
        frozenset({("m1", "2026-01-05"), ("m1", "2026-01-06"), ("m1b", "2026-01-06"), ("m1b", "2026-01-07")}),
        VALLEY,
    ),
    Edit(
        "a production meter was in truth at the grid, and gives no register of it",
        [(', measures = "production"', "")],
        ["~ device pv measures grid of point roof (measures: production -> grid)"],
        frozenset(("pv", day) for day in DAYS),
        VALLEY,
    ),
    Edit(
        "a device is taken away",
        [('device = [{ id = "m1" }]', "")],
        ["- device m1 measures grid of point home"],
        communities=VALLEY,
    ),
    Edit(
        "a home joins later than was thought, and leaves",
        [
            (
                'category = "home"\ncommunity = "valley"\ndevice = [{ id = "m1" }]',
                'category = "home"\nmembership = [{ community = "valley", from = 2026-01-06T08:30:00Z, '
                'to = 2026-01-07T09:00:00Z }]\ndevice = [{ id = "m1" }]',
            )
        ],
        [
            "- point home in community valley",
            "+ point home in community valley from 2026-01-06T08:30:00Z to 2026-01-07T09:00:00Z",
        ],
        communities=VALLEY,
    ),
    Edit(
        "a home is in two communities, with a part in each",
        [
            (
                'community = "valley"\ndevice = [{ id = "m1" }]',
                'membership = [{ community = "valley", participation_percent = 67 },'
                ' { community = "hill", participation_percent = 33 }]\ndevice = [{ id = "m1" }]',
            )
        ],
        [
            "~ point home in community valley with 67 % (participation_percent: 100 -> 67)",
            "+ point home in community hill with 33 %",
        ],
        communities=VALLEY | HILL,
    ),
    Edit(
        "a community votes for another key from a day on",
        [
            (
                'type = "prorata"\n',
                'type = "prorata"\nto = 2026-01-07T00:00:00Z\n[[community.key]]\ntype = "static"\n'
                "from = 2026-01-07T00:00:00Z\nshares_percent = { home = 25, flat = 75 }\n",
            )
        ],
        [
            "~ prorata key of community valley to 2026-01-07T00:00:00Z (valid_to: no end -> 2026-01-07T00:00:00Z)",
            "+ static key of community valley from 2026-01-07T00:00:00Z",
        ],
        communities=VALLEY,
    ),
    Edit(
        "shares were written down wrongly",
        [("barn = 60, mill = 40", "barn = 50, mill = 40")],
        ["~ static key of community hill (barn: 60 % -> 50 %)"],
        communities=HILL,
    ),
    Edit(
        "a community settles by the hour",
        [("step_min = 30", "step_min = 60")],
        ["~ community hill (step_min: 30 -> 60)"],
        communities=HILL,
    ),
    Edit(
        "a device publishes below another topic, in another dialect: what was stored stays",
        [('prefix = "/mill"\ndialect = "opendtu"', 'prefix = "mill/dtu"\ndialect = "ahoydtu"')],
        ["+ site mill/dtu", "- site /mill"],
    ),
    Edit(
        "a site was described wrongly",
        [
            ('zone = "Europe/Vienna"\n', 'name = "barn"\n'),
            (', unit = "kWh" }', " }"),
            ('dialect = "opendtu"', 'dialect = "ahoydtu"'),
            ("chn1 = {", '"chn1/A" = {'),
        ],
        [
            "~ site barn/meters (zone: Europe/Vienna -> nothing, name: nothing -> barn, "
            "chn0: import_energy in kWh -> import_energy in Wh, chn1: active_power in W, inverted -> nothing, "
            "chn1/A: nothing -> active_power in W, inverted)",
            "~ site /mill (dialect: opendtu -> ahoydtu)",
        ],
    ),
    Edit("there are no sites any more", [(SITES, "")], ["- site barn/meters", "- site /mill"]),
    Edit(
        "a home goes",
        [(HOME, "")],
        ["- device m1 measures grid of point home", "- point home in community valley", "- point home"],
        communities=VALLEY,
    ),
    Edit(
        "a community ends, its members stay points",
        [
            (BASE[BASE.index('[[community]]\nid = "hill"') : BASE.index("[[holder]]")], ""),
            ('community = "hill"\n', ""),
        ],
        [
            "- static key of community hill",
            "- point barn in community hill",
            "- point mill in community hill",
            "- community hill",
        ],
    ),
    Edit(
        "somebody leaves with all they hold",
        [
            ('[[holder]]\nid = "anna"\n', ""),
            (HOME, ""),
            (BASE[BASE.index('[[point]]\nid = "barn"') : BASE.index('[[point]]\nid = "mill"')], ""),
            ("barn = 60, mill = 40", "mill = 40"),
        ],
        [
            "- device m1 measures grid of point home",
            "- device m3 measures grid of point barn",
            "- point home in community valley",
            "- point barn in community hill",
            "~ static key of community hill (barn: 60 % -> nothing)",
            "- point home",
            "- point barn",
            "- holder anna",
        ],
        communities=VALLEY | HILL,
    ),
    Edit(
        "a device that was heard for days becomes useful",
        [
            ('[[point]]\nid = "home"', '[[holder]]\nid = "carla"\n[[point]]\nid = "home"'),
            (
                HILL_POINTS,
                HILL_POINTS + '[[point]]\nid = "shop"\nholder = "carla"\nname = "Shop"\ncategory = "shop"\n'
                'community = "valley"\ndevice = [{ id = "new", from = 2026-01-06T00:00:00Z }]\n',
            ),
        ],
        [
            "+ holder carla",
            "+ point shop",
            "+ device new measures grid of point shop from 2026-01-06T00:00:00Z",
            "+ point shop in community valley",
        ],
        frozenset({("new", "2026-01-06"), ("new", "2026-01-07")}),
        VALLEY,
    ),
]
