"""The disclosure cases kept beside the repository, when they are there: the same numbers, the same decisions."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from energy.model import HolderKind
from processing.disclosure import POLICY, Contribution, Granularity, Status, band, decide, round_half_even

SHARED = Path(__file__).parents[2] / "shared" / "cases" / "disclosure"
STATUS = {"publish": Status.PUBLISH, "suppress": Status.WITHHELD}


def read_shared(name: str) -> dict[str, Any]:
    if not SHARED.is_dir():
        pytest.skip("the shared disclosure cases are not beside this repository")
    return json.loads((SHARED / name).read_text(encoding="utf-8"))


def test_shared_policy_has_the_same_numbers() -> None:
    shared = read_shared("policy_default.json")
    for granularity, limits in POLICY.limits.items():
        fine = granularity in (Granularity.HOUR, Granularity.HALF_HOUR)
        assert limits.k == shared["k"][granularity]
        assert limits.k_legal == shared["k_legal_persons"][granularity]
        assert limits.dominance_1_ppm / 1e6 == shared["dominance_1_fine" if fine else "dominance_1"]
        assert limits.rounding_wh == shared["rounding_kwh"][granularity] * 1000
        assert limits.first_release_lag_days == shared["release"]["first_release_lag_days"][granularity]
    assert (POLICY.id, POLICY.dominance_2_ppm / 1e6) == (shared["policy_id"], shared["dominance_2"])
    assert (POLICY.p_ppm / 1e6, POLICY.active_epsilon_wh / 1e3) == (shared["p_percent"], shared["active_epsilon_kwh"])
    assert POLICY.min_measured_share == shared["cohort"]["min_completeness"]
    assert [list(b) for b in POLICY.bands] == shared["count_bands"]


def shared_cells() -> Iterable[tuple[str, list[Contribution], Granularity, dict[str, Any]]]:
    for case in read_shared("primary_rules.json")["cases"]:
        yield case["id"], shared_cell(case), Granularity(case["granularity"]), case["expected"]
    for case in read_shared("granularity_ladder.json")["cases"]:
        for granularity, expected in case["expected"].items():
            yield case["id"], shared_cell(case), Granularity(granularity), expected


def shared_cell(case: dict[str, Any]) -> list[Contribution]:
    return [
        Contribution(c["holder"], HolderKind(c["class"]), round(c["kwh"] * 1000), consent=c["class"] == "public")
        for c in case["contributions"]
    ]


def test_shared_cells_are_decided_as_recorded() -> None:
    for name, cell, granularity, expected in shared_cells():
        got = decide(cell, granularity)
        assert (got.status, list(got.reasons)) == (STATUS[expected["status"]], expected["reasons"]), name
        assert got.n_active_protected == expected.get("n_active_protected", got.n_active_protected), name
        if "value_kwh" in expected:
            assert (got.rounded_wh, got.band) == (expected["value_kwh"] * 1000, expected["holders_band"]), name


def test_shared_rounding_and_bands() -> None:
    shared = read_shared("rounding_revisions.json")
    for row in shared["rounding"]:
        step_wh = POLICY.limits[Granularity(row["granularity"])].rounding_wh
        assert round_half_even(round(row["raw_kwh"] * 1000), step_wh) == round(row["expected_kwh"] * 1000), row
    for row in shared["bands"]:
        assert band(row["n"]) == row["expected"]
