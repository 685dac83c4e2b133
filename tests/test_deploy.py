"""What is deployed, read as data: the compose file, the image, Grafana's provisioning, and the units."""

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
from tests.deployed_database import PASSWORDS

ROOT: Final = Path(__file__).parent.parent
DEPLOY: Final = ROOT / "deploy"
SCHEMA: Final = ROOT.parent / "shared" / "schemas" / "compose-spec" / "compose-spec.json"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
OURS: Final = {"migrate", "ingest", "process", "serve"}
VARIABLE: Final = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")
SETTINGS: Final = {f"HUB_{name.upper()}" for name in Settings.model_fields}
KEPT: Final = {
    f"HUB_{name.upper()}": str(field.default).lower()
    for name, field in Settings.model_fields.items()
    if name.startswith(("keep_", "rejected_")) or name == "oldest_days"
}
"""How long things are kept, each with its default: what all commands have to agree on."""

every_service = pytest.mark.parametrize("name", SERVICES)


def assignments(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


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
    # These two come later, from `hub viewer add`.
    assert (asked.pop("GRAFANA_DB_USER"), asked.pop("GRAFANA_DB_PASSWORD")) == (":-", ":-")
    assert asked.keys() == example.keys()
    for name, rest in asked.items():
        if name.endswith("_PASSWORD"):
            assert rest == f":?set {name} in .env", "nobody runs with a password that everybody knows"
            assert example[name] == ""
        else:
            assert rest == f":-{example[name]}"


def test_the_line_of_the_guide_fills_in_every_password(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    line = next(line for line in guide.splitlines() if "> .env)" in line)
    example = ROOT / ".env.example"
    assert line in example.read_text(encoding="utf-8")
    (tmp_path / ".env.example").write_bytes(example.read_bytes())
    subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True)
    made, before = assignments(tmp_path / ".env"), assignments(example)
    passwords = {name: value for name, value in made.items() if name.endswith("_PASSWORD")}
    assert made == before | passwords
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in passwords.values())
    assert len(set(passwords.values())) == len(passwords) == 8
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


LOGINS: Final = {
    "migrate": {"HUB_DATABASE_URL": "hub:HUB"},
    "ingest": {"HUB_DATABASE_URL": "hub_ingest:HUB_INGEST"},
    "process": {"HUB_DATABASE_URL": "hub_process:HUB_PROCESS"},
    "serve": {"HUB_DATABASE_URL": "hub_api:HUB_API", "HUB_OPEN_DATABASE_URL": "hub_open:HUB_OPEN"},
}
"""With which login, and with whose password, each service goes to the database."""


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_service_has_a_login_of_its_own_and_no_password_of_another(name: str) -> None:
    environment = SERVICES[name]["environment"]
    logins = {setting: re.findall(r"//(\w+:)\$\{(\w+)_DB_PASSWORD", value) for setting, value in environment.items()}
    assert {setting: "".join(found[0]) for setting, found in logins.items() if found} == LOGINS[name]
    known = {match["name"] for value in environment.values() for match in VARIABLE.finditer(value)} - KEPT.keys()
    expected = {f"{login.partition(':')[2]}_DB_PASSWORD" for login in LOGINS[name].values()}
    assert known == expected | ({"HUB_MQTT_PASSWORD"} if name == "ingest" else set())


@pytest.mark.parametrize("name", sorted(OURS))
def test_all_services_agree_on_how_long_things_are_kept(name: str) -> None:
    environment = SERVICES[name]["environment"]
    given = {setting: value for setting, value in environment.items() if setting in KEPT}
    assert given == {setting: f"${{{setting}:-{default}}}" for setting, default in KEPT.items()}


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
    body = source_body(DataSource("timescaledb:5432", "hub", "$GRAFANA_DB_USER", "$GRAFANA_DB_PASSWORD", "disable"))
    assert (source["uid"], source["type"]) == (DATASOURCE_UID, DATASOURCE_TYPE)
    assert source["jsonData"].pop("postgresVersion") >= body["jsonData"].pop("postgresVersion")
    assert {name: source[name] for name in body} == body
    assert source["jsonData"]["timeInterval"] == SMALLEST_INTERVAL
    assert {"GRAFANA_DB_USER", "GRAFANA_DB_PASSWORD"} <= SERVICES["grafana"]["environment"].keys()


def test_grafana_finds_the_dashboards() -> None:
    path = DEPLOY / "grafana" / "provisioning" / "dashboards" / "enercommons.yaml"
    (provider,) = yaml.safe_load(path.read_text(encoding="utf-8"))["providers"]
    assert provider["folderUid"] == FOLDER_UID
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in SERVICES["grafana"]["volumes"]}
    assert (ROOT / mounted[provider["options"]["path"]] / "community.json").exists()


UNITS: Final = {"hub@.service": "hub@ingest.service", "hub-migrate.service": "hub-migrate.service"}


def test_the_units_are_such_that_systemd_takes_them_and_calls_them_safe(tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed, so the units are read by nobody but the other tests.")
    for name, instance in UNITS.items():
        text = (DEPLOY / "systemd" / name).read_text(encoding="utf-8")
        (tmp_path / instance).write_text(text.replace("/opt/enercommons/.venv/bin/hub", "/bin/true"), encoding="utf-8")
    units = [str(tmp_path / instance) for instance in UNITS.values()]
    verified = subprocess.run([analyse, "verify", *units], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    judge = [analyse, "security", "--offline=true", "--threshold=20", "--no-pager", *units]
    judged = subprocess.run(judge, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]


def test_the_units_run_what_the_hub_can_do() -> None:
    texts = {name: (DEPLOY / "systemd" / name).read_text(encoding="utf-8") for name in UNITS}
    ran = {name: re.findall(r"^Exec\w+=\S+/hub (.+)$", text, re.MULTILINE) for name, text in texts.items()}
    assert ran == {"hub@.service": ["%i"], "hub-migrate.service": ["migrate"]}
    for part in OURS:
        assert parser().parse_args([part]).command == part
    fences = {text.partition("# The hub opens connections")[2].partition("\n\n[Install]")[0] for text in texts.values()}
    assert len({fence.strip() for fence in fences}) == 1, "both are fenced in alike"


def test_the_settings_of_the_units_are_made_once_with_one_login_each(tmp_path: Path) -> None:
    folder = tmp_path / "enercommons"
    command = [str(DEPLOY / "systemd" / "settings.sh"), str(folder)]
    subprocess.run(command, check=True)
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    (folder / "passwords.env").unlink()
    with (folder / "hub.env").open("a") as settings:
        settings.write("HUB_ZONE=Indian/Reunion\n")
    subprocess.run(command, check=True)  # new passwords, and the settings that somebody wrote
    made = {path.stem: assignments(path) for path in folder.iterdir()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder, *folder.iterdir()])
    passwords = made.pop("passwords")
    assert len(set(passwords.values())) == len(passwords) == 6
    mqtt = passwords.pop("HUB_MQTT_PASSWORD")
    assert passwords.keys() == PASSWORDS.keys()
    units = "".join((DEPLOY / "systemd" / name).read_text(encoding="utf-8") for name in UNITS)
    named = set(re.findall(r"^EnvironmentFile=/etc/enercommons/(.+)\.env$", units, re.MULTILINE))
    assert named == {"hub", "owner", "%i"}
    assert made.keys() == {"hub", "owner", "ingest", "process", "serve"}
    assert set().union(*made.values()) <= SETTINGS
    assert {name: value for name, value in made["hub"].items() if name in KEPT} == KEPT
    assert made["hub"]["HUB_ZONE"] == "Indian/Reunion"
    assert [part for part in made if part != "hub" and made[part].keys() & KEPT.keys()] == []
    assert made["ingest"]["HUB_MQTT_URL"] == f"mqtt://hub:{mqtt}@127.0.0.1:1883"
    for part, service in {"owner": "migrate", "ingest": "ingest", "process": "process", "serve": "serve"}.items():
        for setting, login in LOGINS[service].items():
            user, _, of = login.partition(":")
            assert made[part][setting] == f"postgresql://{user}:{passwords[f'{of}_DB_PASSWORD']}@127.0.0.1:5432/hub"
