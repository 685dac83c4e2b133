"""The dashboard as a document: Grafana takes it, its texts come from the dictionary, its SQL keeps the rules."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from dashboards.grafana import community_dashboard, render
from energy.columns import columns
from tests.grafana_queries import BROWSER, MACRO, VARIABLE, Target, targets

ROOT: Final = Path(__file__).parent.parent
SCHEMAS: Final = ROOT.parent / "shared" / "grafana" / "jsonschema"
DASHBOARD: Final[dict[str, Any]] = community_dashboard()
PANELS: Final[list[dict[str, Any]]] = DASHBOARD["panels"]
TARGETS: Final = list(targets(DASHBOARD))
GRID_WIDTH: Final = 24
INDEXES: Final = {"jain", "gini", "min_max", "share_against_need", "parity"}
"""Numbers without a unit that are no part of anything, so that percent would mislead."""

every_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
every_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


def validate(document: object, schema_name: str, definition: str) -> None:
    path = SCHEMAS / f"{schema_name}.jsonschema.json"
    if not path.exists():
        pytest.skip(f"Grafana's JSON schemas are not at {SCHEMAS}, so the dashboard is not compared with them.")
    schema = json.loads(path.read_text(encoding="utf-8"))
    # Grafana's generator writes `object` where its source says `any`: a unit, a title, a field's name are plain text.
    for name, entry in (("DynamicConfigValue", "value"), ("MatcherConfig", "options")):
        if name in schema["definitions"]:
            schema["definitions"][name]["properties"][entry] = {}
    jsonschema.validate(document, schema | {"$ref": f"#/definitions/{definition}"})


def test_the_committed_file_is_what_the_code_renders() -> None:
    committed = ROOT / "dashboards" / "grafana" / "community.json"
    assert committed.read_text(encoding="utf-8") == render()


def test_rendered_text_is_the_dashboard() -> None:
    assert json.loads(render()) == DASHBOARD


def test_grafana_knows_every_entry() -> None:
    validate(DASHBOARD, "dashboard", "Dashboard")


@every_panel
def test_grafana_knows_every_option_of_a_panel(panel: dict[str, Any]) -> None:
    match panel["type"]:
        case "stat":
            validate(panel["options"], "stat", "Options")
        case "timeseries":
            validate(panel["options"], "timeseries", "Options")
            validate(panel["fieldConfig"]["defaults"]["custom"], "timeseries", "FieldConfig")
            overridden = {
                entry["id"].removeprefix("custom."): entry["value"]
                for override in panel["fieldConfig"]["overrides"]
                for entry in override["properties"]
                if entry["id"].startswith("custom.")
            }
            validate(overridden, "timeseries", "FieldConfig")
        case kind:
            assert kind in {"table", "barchart"}, "Grafana publishes no schema for these two"


def test_ids_and_names_are_unique() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        reference_ids = [target["refId"] for target in panel["targets"]]
        assert len(set(reference_ids)) == len(reference_ids)


def test_panels_lie_side_by_side_on_the_grid() -> None:
    boxes = [panel["gridPos"] for panel in PANELS]
    for box in boxes:
        assert box["x"] >= 0
        assert box["x"] + box["w"] <= GRID_WIDTH
    for one, other in combinations(boxes, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


@every_panel
def test_every_panel_and_field_speaks_english_and_french(panel: dict[str, Any]) -> None:
    assert " · " in panel["title"]
    assert panel["description"]
    same_in_both = {"Production", "Surplus", "Jain", "Gini", "P90-P10"}
    for override in panel["fieldConfig"]["overrides"]:
        title = properties(override)["displayName"]
        assert " · " in title or title in same_in_both


@every_panel
def test_published_columns_keep_the_unit_and_meaning_of_the_dictionary(panel: dict[str, Any]) -> None:
    units = {"": "string", "kWh": "kwatth", "EUR": "currencyEUR", "1": {"number": "percentunit", "integer": "none"}}
    for override in panel["fieldConfig"]["overrides"]:
        known = columns().get(override["matcher"]["options"])
        if known is not None:
            unit = units[known.unit]
            of = unit if isinstance(unit, str) else unit[known.type]
            assert properties(override)["unit"] == ("none" if known.name in INDEXES else of)
            assert known.meaning in panel["description"]
            assert known.meaning_fr in panel["description"]


def test_what_the_store_shows_is_in_the_dictionary_where_a_panel_shows_it() -> None:
    shown = {o["matcher"]["options"] for panel in PANELS for o in panel["fieldConfig"]["overrides"]}
    assert {name for name in columns() if name.endswith(("_kwh", "_eur", "_rate"))} & shown == {
        "consumption_kwh",
        "production_kwh",
        "allocated_kwh",
        "residual_kwh",
        "surplus_kwh",
        "self_consumption_rate",
        "self_sufficiency_rate",
        "coverage_rate",
        "operator_kwh",
        "device_kwh",
        "device_residual_kwh",
        "device_residual_rate",
        "hub_result_kwh",
        "operator_result_kwh",
        "result_residual_kwh",
        "result_apart_kwh",
        "saving_eur",
        "revenue_eur",
        "local_value_rate",
    }


@every_target
def test_sql_uses_declared_variables_with_their_own_quoting(target: Target) -> None:
    declared = {variable["name"] for variable in DASHBOARD["templating"]["list"]} | BROWSER
    macros = {match["name"] for match in MACRO.finditer(target.sql)}
    for match in VARIABLE.finditer(target.sql):
        assert match["format"] is None, "raw, csv and singlequote do not protect against a quote in a name"
        assert (match["plain"] or match["braced"] or match["old"]) in declared | macros
    # Without the array an empty choice is `IN ()`, which is not SQL.
    assert target.sql.count("$community") == target.sql.count("ANY (ARRAY[$community]::text[])")


def test_variables_are_quoted_by_grafana() -> None:
    for variable in DASHBOARD["templating"]["list"]:
        assert variable["multi"]
        assert variable["includeAll"]
        assert "allValue" not in variable, "it would be inserted as it stands"


@every_target
def test_macros_are_those_without_surprises(target: Target) -> None:
    # $__timeGroup counts days as 86,400 s of UTC, and $__timeFilter takes one interval too many at the end.
    assert {match["name"] for match in MACRO.finditer(target.sql)} <= {"__timeFrom", "__timeTo"}


@every_target
def test_sql_reads_published_views_only(target: Target) -> None:
    tables = re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+\.[a-z_]+)", target.sql)
    assert tables
    assert set(tables) <= {
        "shown.community", "shown.balance", "shown.awaited_flow", "shown.residual", "shown.result_residual",
        "shown.value", "shown.equity",
    }  # fmt: skip
    assert "public." not in target.sql


@every_target
def test_sql_is_one_statement_that_opens_with_a_plain_sentence(target: Target) -> None:
    assert target.sql.startswith("-- ")
    assert ";" not in target.sql
    for comment in re.findall(r"--.*", target.sql):
        # Some Grafanas strip comments, some do not, some look for quotes and macros in them.
        assert not set(comment) & set("'\"$;"), comment


def test_every_sql_file_is_used() -> None:
    used = {target.sql for target in TARGETS}
    for path in sorted((ROOT / "dashboards" / "sql").glob("*.sql")):
        assert path.read_text(encoding="utf-8").strip().removesuffix(";") in used, path.name


def test_time_panels_ask_for_no_points_closer_than_a_settlement_step() -> None:
    assert all(panel["interval"] == "15m" for panel in PANELS if panel["type"] == "timeseries")


def properties(override: dict[str, Any]) -> dict[str, Any]:
    return {entry["id"]: entry["value"] for entry in override["properties"]}
