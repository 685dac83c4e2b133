"""Settings: each is documented, each that is mentioned exists, and a value that cannot be is refused in a sentence."""

import os
import re
from pathlib import Path
from typing import Final

import pytest

from energy.errors import InvalidInput
from hub.settings import PREFIX, Settings, misspelt, read_settings
from tests.hub_command import refused

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("energy", "store", "ingest", "processing", "api", "dashboards", "hub")
NAMES: Final = {PREFIX + name.upper() for name in Settings.model_fields}
NOT_OF_THE_HUB: Final = {"HUB_TEST_REQUIRE_SERVERS", "HUB_TEST_SEED"}
"""Read by the tests themselves."""
MENTIONING: Final = sorted(
    path
    for place in ("docs", "deploy", ".ci", ".", *PACKAGES)
    for path in ((ROOT / place).glob("*") if place == "." else (ROOT / place).rglob("*"))
    if path.suffix in {"", ".md", ".yml", ".yaml", ".conf", ".sh", ".sql", ".py", ".example", ".service"}
    and path.is_file()
    and path.name not in {"LICENSE"}
)
ROWS: Final = {
    cells[1].strip("` "): [cell.strip() for cell in cells[2:-1]]
    for line in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()
    if len(cells := line.split("|")) == 6
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(("name", "field"), Settings.model_fields.items())
def test_every_setting_is_documented(name: str, field: object) -> None:
    default, values, meaning = ROWS[PREFIX + name.upper()]
    description = Settings.model_fields[name].description
    assert description is not None
    assert (description.endswith("."), meaning) == (True, description)
    assert values
    shown = getattr(read_settings(), name)
    said = str(shown).lower() if isinstance(shown, bool) else {("#",): "#"}.get(shown, str(shown))
    assert default.strip("`") == said


def test_nothing_else_is_documented() -> None:
    assert {name for name in ROWS if name.startswith(PREFIX)} == NAMES


def test_every_setting_that_is_mentioned_exists() -> None:
    compose = {line.partition("=")[0] for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()}
    unknown = {
        path.relative_to(ROOT).as_posix(): names
        for path in MENTIONING
        if (names := mentioned_in(path) - NAMES - compose - NOT_OF_THE_HUB)
    }
    assert unknown == {}


def mentioned_in(path: Path) -> set[str]:
    return set(re.findall(r"\bHUB_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))


def test_the_mentions_are_found() -> None:
    assert {name for path in MENTIONING for name in mentioned_in(path)} >= NAMES
    assert mentioned_in(ROOT / "docker-compose.yml")


@pytest.mark.parametrize("package", PACKAGES)
def test_only_one_file_reads_the_environment(package: str) -> None:
    reading = [
        path
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\benviron\b|\bgetenv\b|BaseSettings", path.read_text(encoding="utf-8"))
    ]
    assert reading == ([ROOT / "hub" / "settings.py"] if package == "hub" else [])


@pytest.mark.parametrize(
    ("name", "value", "culprit"),
    [
        ("HUB_API_PORT", "eighty", "valid integer"),
        ("HUB_API_PORT", "", "valid integer"),
        ("HUB_API_PORT", "-1", "greater than or equal to 0"),
        ("HUB_API_PORT", "65536", "less than or equal to 65535"),
        ("HUB_BATCH", "0", "greater than or equal to 1"),
        ("HUB_MQTT_IN_FLIGHT", "70000", "less than or equal to 65535"),
        ("HUB_MQTT_PROTOCOL", "4", "'5' or '3.1.1'"),
        ("HUB_MQTT_CLIENT_ID", "", "at least 1 character"),
        ("HUB_MQTT_TOPICS", "", "at least 1 item"),
        ("HUB_MQTT_TOPICS", " , ", "at least 1 item"),
        ("HUB_MQTT_TOPICS", "hub/#,a/#/b", "'a/#/b' is not a topic filter"),
        ("HUB_MQTT_TOPICS", "tele+/x", "'tele+/x' is not a topic filter"),
        ("HUB_KEEP_TECHNICAL", "maybe", "valid boolean"),
        ("HUB_OLDEST_DAYS", "1.5", "valid integer"),
        ("HUB_ZONE", "Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("HUB_ZONE", "", "is not a time zone"),
        ("HUB_LONGITUDE", "6.1", "a place has both: HUB_LATITUDE and HUB_LONGITUDE"),
        ("HUB_LATITUDE", "91", "less than or equal to 90"),
        ("HUB_LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("HUB_DATABASE_URL", "", "at least 1 character"),
    ],
)
def test_a_value_that_cannot_be(name: str, value: str, culprit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as refusal:
        read_settings()
    assert str(refusal.value).startswith(f"{name}: ")
    assert culprit in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_command_says_it_too() -> None:
    sentence = refused("migrate", HUB_API_PORT="eighty")
    assert sentence.startswith("HUB_API_PORT: ")
    assert sentence.endswith("(it is 'eighty')")


@pytest.mark.parametrize("url", ["http://127.0.0.1", "mqtt://", "mqtt://h:port", "mqtts://h", ""])
def test_an_address_of_a_broker_that_is_none(url: str, migrated_url: str) -> None:
    sentence = refused("ingest", HUB_DATABASE_URL=migrated_url, HUB_MQTT_URL=url)
    assert sentence.startswith("HUB_MQTT_URL ")


def test_values_are_read_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_MQTT_TOPICS", "hub/v1/#, tele/+/SENSOR ,+/events/rpc,#")
    monkeypatch.setenv("HUB_KEEP_TECHNICAL", "true")
    settings = read_settings(api_port=0)
    assert settings.mqtt_topics == ("hub/v1/#", "tele/+/SENSOR", "+/events/rpc", "#")
    assert (settings.keep_technical, settings.api_port, settings.zone_info.key) == (True, 0, "Europe/Paris")


def test_a_variable_that_is_nearly_a_setting_is_named_with_what_may_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_KEEP_READING_DAYS", "97")
    monkeypatch.setenv("HUB_DB_PASSWORD", "of the compose file")
    monkeypatch.setenv("HUB_PORT", "8000")
    assert misspelt() == ["HUB_KEEP_READING_DAYS is not a setting, and is ignored; is HUB_KEEP_READINGS_DAYS meant?"]
