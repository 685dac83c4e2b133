"""The Austrian EDA table, as far as public importers tell it: qualities, flows, stamps, and what must be said of it."""

from typing import Any

import pytest

from energy.errors import InvalidInput
from ingest.files import read_file
from tests.file_examples import AT_POINT, FOLDER, OPTIONS, read_text, reasons, told

EDA = "Zaehlpunkt;Timestamp;kWh;QoV;Richtung\n"
EDAS = [
    ("measured", "0,1;L1;CONSUMPTION", [("import_energy_interval", 100.0, "brut", 0)], None),
    ("substitute", "0,1;L2;GENERATION", [("export_energy_interval", 100.0, "complete", 8)], None),
    ("no quality", "0,1;;CONSUMPTION", [("import_energy_interval", 100.0, "brut", 10)], None),
    ("unusable", "0,1;L3;CONSUMPTION", [], "its quality 'L3' is unusable: only L1 and L2 are taken"),
    ("neither flow", "0,1;L1;?", [], "'?' is neither CONSUMPTION nor GENERATION (1 line)"),
]


@pytest.mark.parametrize(("cells", "expected", "reason"), [pytest.param(*rest, id=why) for why, *rest in EDAS])
def test_a_quarter_hour_of_eda(cells: str, expected: list[Any], reason: str | None) -> None:
    content = read_text(f"{EDA}{AT_POINT};05.01.2026 00:15;{cells}\n")
    assert told(content, "quantity", "value", "nature", "quality") == expected
    assert reasons(content) == ([] if reason is None else [(2, reason)])
    assert set(told(content, "at", "step_min")) <= {("01-04 23:15", 15)}


def test_a_measured_quarter_hour_replaces_its_substitute_in_any_order() -> None:
    lines = [f"{AT_POINT};2026-01-05 00:00;{value};{quality};GENERATION\n" for value, quality in ((1, "L1"), (2, "L2"))]
    for text in (lines[0] + lines[1], lines[1] + lines[0]):
        assert told(read_text(EDA + text), "value", "quality") == [(1000.0, 0)]


def test_a_second_column_of_values_is_told() -> None:
    content = read_text(f"Zählpunkt;Von;Verbrauch (kWh);Einspeisung (kWh)\n{AT_POINT};05.01.2026 00:00;1;2\n")
    assert told(content, "quantity", "value") == [("import_energy_interval", 1000.0)]
    assert reasons(content) == [(1, "the column 'einspeisung (kwh)' is not taken: one column of values is read")]


def test_a_portal_s_file_of_one_point_is_stamped_at_the_end_and_needs_its_point() -> None:
    content = (FOLDER / "eda" / "portal_of_one_point.csv").read_bytes()
    read = read_file(content, "netz.csv", OPTIONS["portal_of_one_point.csv"])
    assert told(read, "point", "at", "value") == [(AT_POINT, "01-04 23:00", 63.0), (AT_POINT, "01-04 23:15", 83.0)]
    with pytest.raises(InvalidInput, match=r"netz.csv does not name its metering point: say it with --point"):
        read_file(content, "netz.csv")
