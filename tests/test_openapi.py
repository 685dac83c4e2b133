"""The interface keeps to its own description: whatever is asked, no failure, and answers of the shape they promise."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from energy.columns import columns
from tests.conftest import AskForTemplate
from tests.filled_hub import filled_hub, refusal
from tests.servers import Postgres
from tests.valley import COMMUNITIES

DESCRIPTION: Final[dict[str, Any]] = create_app("postgresql://nowhere").openapi()
OF_COMPARISONS: Final = {
    "/v1/communities/{community}/comparisons": {"413", "429"},
    "/v1/communities/{community}/comparisons/{no}/report": {"409"},
    "/v1/communities/{community}/comparisons/{no}/{table}.csv": {"409"},
}
"""What these may answer besides."""
STREAM: Final = "/v1/communities/{community}/live"
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
BOUNDED: Final = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
schema = schemathesis.openapi.from_dict(DESCRIPTION).exclude(path=STREAM)


@pytest.fixture(scope="module")
def hub(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[httpx.Client]:
    with filled_hub(database_server, ask_for_template(database_server)) as client:
        yield client


@schema.parametrize()
@BOUNDED
def test_whatever_is_asked_is_answered_as_described(hub: httpx.Client, case: schemathesis.Case) -> None:
    case.call_and_validate(base_url=str(hub.base_url), checks=CHECKS)


def test_the_first_who_ask_at_once_get_one_description() -> None:
    """Nobody may describe beside another: FastAPI silences the warnings of all threads while it does."""
    app = create_app("postgresql://nowhere")
    with ThreadPoolExecutor(4) as askers:
        described = [asker.result() for asker in [askers.submit(app.openapi) for _ in range(4)]]
    assert all(one is described[0] for one in described)


@st.composite
def moments(draw: st.DrawFn) -> str:
    """Dates and instants near the clock changes, and now and then at the end of time."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(["0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "1969-12-31", "2026-W14-1"]))
    near = draw(st.sampled_from([datetime(2026, 3, 29), datetime(2026, 10, 25)]))  # noqa: DTZ001 - both kinds are wanted
    at = near + timedelta(minutes=draw(st.integers(-3000, 3000)))
    kinds = [f"{at:%Y-%m-%d}", f"{at:%Y-%m-%dT%H:%M:%S}", f"{at:%Y-%m-%dT%H:%MZ}", f"{at:%Y-%m-%dT%H:%M:%S}-03:30"]
    return draw(st.sampled_from(kinds))


@given(
    community=st.sampled_from([*COMMUNITIES, "nowhere"]),
    what=st.sampled_from(["balance", "points"]),
    asked=st.fixed_dictionaries(
        {},
        optional={
            "start": moments(),
            "end": moments(),
            "step": st.sampled_from(["15min", "30min", "hour", "day", "month"]),
            "format": st.sampled_from(["json", "csv", "parquet"]),
        },
    ),
)
@BOUNDED
def test_any_span_is_answered_or_refused(hub: httpx.Client, community: str, what: str, asked: dict[str, str]) -> None:
    if what == "points":  # which have neither
        asked = {word: value for word, value in asked.items() if word not in ("step", "format")}
    answer = hub.get(f"/v1/communities/{community}/{what}", params=asked)
    if answer.status_code != 200:
        refusal(answer, 404 if community == "nowhere" else 400)
    elif answer.headers["content-type"] == "application/json":
        check(answer.json(), {"balance": "Balance", "points": "Points"}[what])
        starts = [row["start"] for row in answer.json().get("rows", [])]
        assert starts == sorted(set(starts))


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/communities", "Communities"),
        ("/v1/communities/quarterly", "Community"),
        ("/v1/communities/quarterly/balance?start=2026-03-30", "Balance"),
        ("/v1/communities/quarterly/points?start=2026-03-30", "Points"),
        ("/v1/communities/quarterly/now", "Power"),
        ("/v1/health", "Health"),
        ("/open/v1", "Datasets"),
        ("/v1/communities/nowhere", "Problem"),
    ],
)
def test_answers_hold_what_is_described_and_nothing_else(hub: httpx.Client, path: str, shape: str) -> None:
    check(hub.get(path).json(), shape)


def check(content: Any, shape: str) -> None:
    """Compare with a described shape, in which every key is now required and no other allowed."""
    schemas = {
        name: {**schema, "additionalProperties": False, "required": list(schema["properties"])}
        for name, schema in DESCRIPTION["components"]["schemas"].items()
        if "properties" in schema
    }
    whole = {"$ref": f"#/components/schemas/{shape}", "components": {"schemas": schemas}}
    jsonschema.Draft202012Validator(whole).validate(content)


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [(path, operation) for path, methods in DESCRIPTION["paths"].items() for operation in methods.values()]


@pytest.mark.parametrize(("path", "operation"), operations())
def test_every_operation_is_described(path: str, operation: dict[str, Any]) -> None:
    assert operation["description"].endswith((".", "]"))
    assert all(parameter["description"] for parameter in operation.get("parameters", []))
    done = "202" if "202" in operation["responses"] else "200"
    answered = operation["responses"].keys() - OF_COMPARISONS.get(path, set())
    assert answered == {done, "400", "404", "500", "503"}, "what the hub really answers"
    for media_type, content in operation["responses"][done]["content"].items():
        assert content["schema"], media_type
        if media_type == "application/json" and not path.startswith("/open/v1/{"):
            assert "$ref" in content["schema"], "a shape with a name"


def test_columns_mean_what_the_data_dictionary_says() -> None:
    described = [
        (name, field)
        for schema in DESCRIPTION["components"]["schemas"].values()
        for name, field in schema.get("properties", {}).items()
        if name.endswith(("_kwh", "_rate")) or name in ("present", "expected", "quality")
    ]
    assert len(described) > 20
    for name, field in described:
        if field.get("description") != "points that are members now":
            assert field["description"] == columns()[name].meaning, name
            assert field.get("x-unit", "") == columns()[name].unit, name
