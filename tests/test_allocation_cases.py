"""`hub allocate`: every recorded case within its own tolerance, and one sentence for what cannot be computed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.cli import parser
from processing.case_answers import answer
from tests.hub_command import call_hub, refused

OWN = Path(__file__).parent / "data" / "allocation" / "cases"
BESIDE = Path(__file__).parents[2] / "shared" / "cases" / "allocation"
FILES = sorted(OWN.glob("*.json"))
NO_DENOMINATOR = ("zero_consumption", "self_sufficiency_rate")
"""Its source says 0 where nothing was consumed; a rate without denominator is null here (docs/sharing.md)."""
SURPLUS_RULE = "pro_rata_of_production"


def check(found: Any, expected: Any, tolerance: float, where: str) -> None:
    if isinstance(expected, Mapping):
        for name, value in expected.items():
            check(found[name], value, tolerance, f"{where}.{name}")
    elif isinstance(expected, float | int) and not isinstance(expected, bool):
        assert found == pytest.approx(expected, abs=tolerance), where
    else:
        assert found == expected, where


def check_case(case: Mapping[str, Any]) -> None:
    found = answer(case)
    tolerance = case.get("tolerance", {}).get("abs", 0)
    for place, interval in enumerate(case.get("intervals", [])):
        check(found["intervals"][place], interval["expected"], tolerance, f"interval {place}")
        if rules := interval.get("expected_surplus_by_rule"):
            check(found["intervals"][place]["surplus"], rules[SURPLUS_RULE], tolerance, f"interval {place}.surplus")
    totals = dict(case.get("expected_totals", {}))
    if case["id"] == NO_DENOMINATOR[0]:
        assert totals.pop(NO_DENOMINATOR[1]) == 0
        assert found["totals"][NO_DENOMINATOR[1]] is None
    check(found.get("totals", {}), totals, tolerance, "totals")
    for name in ("vectors", "days"):
        for got, expected in zip(found.get(name, []), case.get(name, []), strict=True):
            check(got, expected, tolerance, name)


def read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_recorded_cases(file: Path) -> None:
    check_case(read(file))


def test_the_cases_beside_this_repository() -> None:
    if not BESIDE.is_dir():
        pytest.skip("the shared allocation cases are not beside this repository")
    files = sorted(BESIDE.glob("*.json"))
    assert {file.name for file in files} <= {file.name for file in FILES}, "copy the new ones"
    for file in files:
        check_case(read(file))


def case_of(method: str, **more: Any) -> dict[str, Any]:
    flows = {"production": {"P1": 100, "P2": 300}, "consumption": {"A": 40, "B": 200, "C": None}}
    return {"kind": "allocation", "method": method, "unit": "Wh", "intervals": [flows], **more}


OTHERS: list[tuple[str, dict[str, Any], dict[str, dict[str, Any]]]] = [
    ("priority", case_of("priority", levels=[{"B": 1}, {"A": 1, "C": 2}]), {"allocated": {"A": 40, "B": 200}}),
    ("iterations", case_of("iterations", rounds=[{"fraction": 0.5, "keys": {"A": 0.5, "B": 0.5}}, {"fraction": 0.5}]),
        {"allocated": {"A": 40, "B": 200}}),
    ("matrix", case_of("matrix", keys={"P1": {"A": 1}, "P2": {"B": 0.5}}),
        {"allocated": {"A": 40, "B": 150}, "surplus": {"P1": 60, "P2": 150},
            "allocated_by_producer": {"P2": {"B": 150}}}),
    ("custom", case_of("custom", keys={"A": 0.05, "B": 0.25, "C": 0.5}), {"allocated": {"A": 20, "B": 100}}),
    ("hourly_min", case_of("hourly_min", interval_minutes=60), {"allocated": {"A": 40, "B": 200}}),
    ("the member's own surplus", case_of("static", keys={"A": 0.5}, surplus_rule="to_members"),
        {"surplus": {"A": 160, "P1": 50}}),
    ("shares of ten digits", case_of("static", unit="kWh", keys={"A": 0.0123456789, "B": 0.3333333333}),
        {"share": {"A": 4.93827156, "B": 133.33333332}, "surplus": {"P1": 65.43209878, "P2": 196.29629634}}),
    ("rounds of thirds", case_of("iterations", unit="kWh", rounds=[{"fraction": 0.333333333333, "keys": {"A": 1}},
        {"fraction": 0.666666666667, "keys": {"B": 0.333333333333}}]),
        {"allocated": {"A": 40, "B": 119.99999999988}}),
    ("whole Wh by largest remainder", {**case_of("prorata"), "intervals": [
        {"production": {"P": 100}, "consumption": {"A": 100, "B": 100, "C": 100}}]},
        {"share": {"A": 34, "B": 33, "C": 33}}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "case", "expected"), OTHERS, ids=[row[0] for row in OTHERS])
def test_other_methods(why: str, case: dict[str, Any], expected: dict[str, dict[str, Any]]) -> None:
    check(answer(case)["intervals"][0], expected, 0, why)
    assert "C" not in answer(case_of("prorata"))["intervals"][0]["share"], "null is not zero"


def test_the_command_prints_a_table_or_json() -> None:
    code, stdout, stderr = call_hub("allocate", "--case", str(OWN / "03_static_key_three_consumers.json"))
    assert (code, stderr) == (0, "")
    assert stdout.splitlines()[0] == "method: static; unit: unitless energy"
    assert "self_consumption_rate: 0.66" in stdout
    code, stdout, _ = call_hub("allocate", "--case", str(OWN / "04_prorata_two_consumers_surplus.json"), "--json")
    assert code == 0
    assert json.loads(stdout)["intervals"][0]["allocated"] == {"A": 200, "B": 300}


GOOD = case_of("prorata")
BROKEN: list[tuple[str, Any, str]] = [
    ("unknown method", case_of("raffle"), "the method 'raffle' is not known; there are prorata"),
    ("no method", {"intervals": [{}]}, "the case names no method; there are prorata"),
    ("a method that is no name", {"method": 3, "intervals": [{}]}, "the method 3 is not known; there are prorata"),
    ("unknown kind", {"kind": "lottery"}, "the kind 'lottery' is not known"),
    ("no case", [1], "the case is missing, or not a table"),
    ("no intervals", {"method": "prorata"}, "the case has no intervals"),
    ("intervals of nothing", {"method": "prorata", "intervals": [3]}, "interval 1 is missing, or not a table"),
    ("no consumption", {"method": "prorata", "intervals": [{"production": {}}]}, "interval 1, consumption is missing"),
    ("text",
        {**GOOD, "intervals": [{"production": {"P": "x"}, "consumption": {}}]}, "interval 1, production of P is 'x'"),
    ("negative", {**GOOD, "intervals": [{"production": {"P": -1}, "consumption": {}}]}, "which is no amount"),
    ("too much", {**GOOD, "intervals": [{"production": {"P": 1e18}, "consumption": {}}]}, "more than can be computed"),
    ("keys above the whole", case_of("static", keys={"A": 0.7, "B": 0.7}), "add up to 140.0000%"),
    ("no keys", case_of("static"), "interval 1, keys is missing"),
    ("no levels", case_of("priority"), "levels is missing"),
    ("no weight", case_of("priority", levels=[{"A": 0.5}]), "the weight of A is 0.5"),
    ("no rounds", case_of("iterations"), "rounds is missing"),
    ("a strange step", case_of("prorata", interval_minutes=7), "interval_minutes is 7"),
    ("a strange rule", case_of("prorata", surplus_rule="mine"), "the surplus_rule 'mine' is not known"),
    ("a vector of words", {"kind": "indicators", "vectors": [{"x": ["a"]}]}, "vector 1 is 'a'"),
    ("beyond any float", {**GOOD, "intervals": [{"production": {"P": 10**400}, "consumption": {}}]}, "more than can"),
    ("a kind that is a table", {"kind": {"a": 1}}, "the kind {'a': 1} is not known"),
    ("vectors that are none", {"kind": "indicators", "vectors": 3}, "vectors is missing"),
    ("a vector beyond any float", {"kind": "indicators", "vectors": [{"x": [1e308, 1]}]}, "vector 1 is more than can"),
    ("a long word", case_of("raffle" * 1000), "the method 'raffleraffleraffleraffleraffleraffleraf is not known"),
    ("no such zone", {"kind": "calendar", "timezone": "Mars/Base", "days": []}, "needs a timezone and days"),
    ("coefficients of nothing", {"kind": "coefficient_file", "intervals": [{}]}, "interval 1, consumption is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "case", "sentence"), BROKEN, ids=[row[0] for row in BROKEN])
def test_one_sentence_for_what_cannot_be_computed(why: str, case: Any, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case), encoding="utf-8")
    said = refused("allocate", "--case", str(file))
    assert sentence in said, why
    assert said.count("\n") <= 1


def test_broken_files(tmp_path: Path) -> None:
    assert "cannot be read" in refused("allocate", "--case", str(tmp_path / "none.json"))
    for text, reason in (
        ("{ not json", "is not JSON"),
        ('{"id": NaN}', "is not JSON: NaN is no number"),
        ('{"x": ' + "1" * 5000 + "}", "is not JSON: Exceeds the limit"),
        ('{"keys": {"A": 0.5, "A": 0.5}}', "is not JSON: 'A' is twice in a table"),
        ("[" * 100_000, "is not JSON"),
    ):
        (tmp_path / "case.json").write_text(text, encoding="utf-8")
        assert reason in refused("allocate", "--case", str(tmp_path / "case.json"))
    (tmp_path / "case.json").write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text" in refused("allocate", "--case", str(tmp_path / "case.json"))
    assert parser().parse_args(["allocate", "--case", "x"]).json is False
