"""What is deployed, read as data: the compose file, the image, Grafana's provisioning, the unit, and their guide."""

import json
import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from dashboards.panels import DATASOURCE_TYPE, DATASOURCE_UID
from dashboards.provision import FOLDER_UID, SMALLEST_INTERVAL, DataSource, source_body
from hub.cli import parser
from hub.settings import Settings

ROOT: Final = Path(__file__).parent.parent
DEPLOY: Final = ROOT / "deploy"
SCHEMA: Final = ROOT.parent / "shared" / "schemas" / "compose-spec" / "compose-spec.json"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
OURS: Final = {"migrate", "ingest", "process", "serve"}
VARIABLE: Final = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")
SETTINGS: Final = {f"HUB_{name.upper()}" for name in Settings.model_fields}

every_service = pytest.mark.parametrize("name", SERVICES)


def assignments(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def commands(path: Path) -> list[list[str]]:
    """Every `hub ...` in the shell blocks of a page, as words."""
    blocks = re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [re.search(r"(?:^|/bin/|migrate )hub ([a-z].+)$", line) for line in lines]
    return [match[1].split() for match in found if match is not None]


def test_compose_file_keeps_to_the_specification() -> None:
    if not SCHEMA.exists():
        pytest.skip(f"The compose specification is not at {SCHEMA}, so docker-compose.yml is not compared with it.")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator({**schema, "$schema": "http://json-schema.org/draft-07/schema#"}).validate(COMPOSE)


@every_service
def test_images_are_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    assert name in OURS or re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", image), image


@every_service
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"\$\{\w+:-127\.0\.0\.1\}:\$\{\w+:-\d+\}:\d+", port), port


def test_the_database_and_the_workers_have_no_way_to_the_internet() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name in SERVICES if SERVICES[name]["networks"] == ["inside"]} == {
        "timescaledb",
        "migrate",
        "ingest",
        "process",
    }


@every_service
def test_services_come_back_and_logs_stay_small(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


@every_service
def test_services_wait_for_what_they_need(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[needed]
        else:
            assert (needed, how["condition"]) == ("migrate", "service_completed_successfully")
    if SERVICES[name].get("ports") or name == "timescaledb":
        assert "healthcheck" in SERVICES[name]


@every_service
def test_what_is_mounted_exists(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, *options = volume.split(":")
        if source.startswith("."):
            assert (ROOT / source).exists()
            assert options == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = {match["name"]: match["rest"] for match in VARIABLE.finditer(text)}
    example = assignments(ROOT / ".env.example")
    assert asked.keys() == example.keys()
    for name, rest in asked.items():
        if name.endswith("_PASSWORD"):
            assert rest == f":?set {name} in .env", "nobody runs with a password that everybody knows"
            assert example[name] == ""
        else:
            assert rest == f":-{example[name]}"


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_hub_is_run_as_it_can_be(name: str) -> None:
    service = SERVICES[name]
    verb, *words = service["command"]
    assert verb == "hub"
    assert parser().parse_args(words).command == name
    assert set(service["environment"]) <= SETTINGS
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_the_image_is_built_from_pinned_hashes_and_runs_without_root() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    installs = [line for line in lines if "pip install" in line]
    assert "--require-hashes -r /build/requirements.lock" in installs[0]
    assert all("--no-deps --no-build-isolation" in line for line in installs[1:])
    last_stage = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert [line for line in last_stage if line.startswith("USER ")] == ["USER 10001:10001"]


def test_the_image_holds_every_package_and_nothing_else() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= copied
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in ignore if line.startswith("!")} == copied
    assert [line for line in ignore if not line.startswith(("!", "#"))] == ["*", "**/__pycache__"]
    assert all((ROOT / name).exists() for name in copied)


def test_files_that_panels_are_made_from_are_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["dashboards"]
    for path in [*(ROOT / "dashboards" / "sql").iterdir(), *(ROOT / "dashboards" / "grafana").iterdir()]:
        name = path.relative_to(ROOT / "dashboards").as_posix()
        assert any(fnmatch(name, pattern) for pattern in patterns), f"{name} is in no wheel"


def test_grafanas_source_from_a_file_is_the_one_that_the_api_gets() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "enercommons.yaml").read_text(encoding="utf-8"))["datasources"]
    body = source_body(DataSource("timescaledb:5432", "hub", "grafana", "$GRAFANA_DB_PASSWORD", "disable"))
    assert (source["uid"], source["type"]) == (DATASOURCE_UID, DATASOURCE_TYPE)
    assert source["jsonData"].pop("postgresVersion") >= body["jsonData"].pop("postgresVersion")
    assert {name: source[name] for name in body} == body
    assert source["jsonData"]["timeInterval"] == SMALLEST_INTERVAL
    assert "GRAFANA_DB_PASSWORD" in SERVICES["grafana"]["environment"]


def test_grafana_finds_the_dashboards() -> None:
    path = DEPLOY / "grafana" / "provisioning" / "dashboards" / "enercommons.yaml"
    (provider,) = yaml.safe_load(path.read_text(encoding="utf-8"))["providers"]
    assert provider["folderUid"] == FOLDER_UID
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in SERVICES["grafana"]["volumes"]}
    assert (ROOT / mounted[provider["options"]["path"]] / "community.json").exists()


def test_the_unit_is_one_that_systemd_takes_and_calls_safe(tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed, so the unit is read by nobody but the other tests.")
    text = (DEPLOY / "systemd" / "hub@.service").read_text(encoding="utf-8")
    unit = tmp_path / "hub@ingest.service"
    unit.write_text(text.replace("/opt/enercommons/.venv/bin/hub", "/bin/true"), encoding="utf-8")
    verified = subprocess.run([analyse, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    judge = [analyse, "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)]
    judged = subprocess.run(judge, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]


def test_the_unit_runs_what_the_hub_can_do() -> None:
    text = (DEPLOY / "systemd" / "hub@.service").read_text(encoding="utf-8")
    assert re.findall(r"^Exec\w+=\S+/hub (.+)$", text, re.MULTILINE) == ["migrate", "%i"]
    for part in OURS:
        assert parser().parse_args([part]).command == part
    assert assignments(DEPLOY / "systemd" / "hub.env.example").keys() <= SETTINGS


@pytest.mark.parametrize("page", ["deploy.md", "deploy.fr.md", "grafana.md"])
def test_the_guide_gives_commands_that_exist(page: str) -> None:
    given = commands(ROOT / "docs" / page)
    assert given
    for words in given:
        assert parser().parse_args(words).command


def test_the_guide_names_every_service_and_port_in_both_languages() -> None:
    for page in ("deploy.md", "deploy.fr.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert all(f"`{name}`" in text for name in SERVICES), page
        assert all(port in text for port in ("8000", "1883", "8883", "3000", "5432")), page


def test_both_languages_give_the_same_commands() -> None:
    english, french = (
        re.findall(r"```(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
        for page in ("deploy.md", "deploy.fr.md")
    )
    assert english == french
