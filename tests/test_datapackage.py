"""The files of a release: what the descriptor says of them, and the chain of digests."""

import hashlib
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from processing.datapackage import Edition, Licence, Release, pack_release
from processing.datasets import BALANCE_BY_MONTH
from tests.member_months import DUE, EXAMPLE, build

SCHEMAS = Path(__file__).parents[2] / "shared" / "schemas" / "frictionless-2.0"


def pack(frame: pl.DataFrame, **changes: Any) -> Release:
    return pack_release(frame, Edition(**{"version": 3, "released_at": DUE, "previous_digest": "ab" * 32} | changes))


def test_the_descriptor_tells_the_truth_about_its_files() -> None:
    release = pack(build(EXAMPLE))
    content = {file.name: file.content for file in release.files}
    text = content["datapackage.json"].decode()
    package = json.loads(text)
    assert text == json.dumps(package, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    assert (package["version"], package["created"]) == ("1.3.0", "2026-04-10T22:00:00Z")
    assert package["licenses"][0]["name"] == "etalab-2.0"
    for resource in package["resources"]:
        file = content.pop(resource["path"])
        assert resource["bytes"] == len(file)
        assert resource["hash"] == "sha256:" + hashlib.sha256(file).hexdigest()
        assert [field["name"] for field in resource["schema"]["fields"]] == BALANCE_BY_MONTH.names()
        assert resource["schema"]["primaryKey"] == ["community", "month"]
        units = {field["name"]: field.get("unit") for field in resource["schema"]["fields"]}
        assert (units["community"], units["surplus_kwh"], units["coverage_rate"]) == (None, "kWh", "1")
    assert list(content) == ["datapackage.json"]


def test_the_csv_read_by_its_own_description_gives_the_frame() -> None:
    frame = build(EXAMPLE)
    files = {file.name: file.content for file in pack(frame).files}
    resource = json.loads(files["datapackage.json"])["resources"][0]
    types = {"string": pl.String, "number": pl.Float64}
    schema = {field["name"]: types[field["type"]] for field in resource["schema"]["fields"]}
    assert pl.read_csv(io.BytesIO(files[resource["path"]]), schema=schema).equals(frame)


def test_releases_are_reproducible_and_chained(tmp_path: Path) -> None:
    frame = build(EXAMPLE)
    release = pack(frame)
    assert release == pack(build(EXAMPLE))
    assert len({release.digest, pack(frame, previous_digest=None).digest, pack(frame, version=4).digest}) == 3
    for file in release.files:
        (tmp_path / file.name).write_bytes(file.content)
    command = f"(sha256sum * | LC_ALL=C sort; echo {'ab' * 32}) | sha256sum"
    said = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == f"{release.digest}  -\n"


def test_simulated_communities_and_the_operators_licence_are_named() -> None:
    licence = Licence("ODbL-1.0", "Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1-0/")
    release = pack(build(EXAMPLE), simulated=("vallon", "aval"), licence=licence)
    package = json.loads(release.files[2].content)
    assert package["description"].startswith("SIMULATED DATA, no real household: aval, vallon. ")
    assert package["simulated_communities"] == ["aval", "vallon"]
    assert package["licenses"][0]["name"] == "ODbL-1.0"


@pytest.mark.parametrize("part", ["datapackage", "dataresource", "tableschema"])
def test_the_descriptor_keeps_to_the_frictionless_schemas(part: str) -> None:
    if not SCHEMAS.is_dir():
        pytest.skip("the Frictionless schemas are not beside this repository")
    schema = json.loads((SCHEMAS / f"{part}.json").read_text(encoding="utf-8"))
    package = json.loads(pack(build(EXAMPLE), previous_digest=None).files[2].content)
    resources = package["resources"]
    parts = {"datapackage": [package], "dataresource": resources, "tableschema": [r["schema"] for r in resources]}
    for instance in parts[part]:
        jsonschema.validate(instance, schema)
