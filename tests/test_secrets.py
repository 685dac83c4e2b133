"""Passwords stay where they were written: no refusal, cause or log repeats an address that may hold one."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from energy.errors import HubError
from hub.settings import read_settings
from ingest.broker import broker_at
from store.connect import connect
from tests.hub_command import call_hub, sentence_of

SECRET: Final = "sesame"  # noqa: S105 - it opens nothing
READINGS: Final = "at,device,import_wh\n2026-01-31T12:00:00Z,meter,1\n"

BROKERS: Final = [
    ("encryption that is not spoken", "mqtts://hub:sesame@127.0.0.1", "put a TLS proxy in front"),
    ("another scheme", "http://hub:sesame@127.0.0.1", "mqtt://user:password@host:1883"),
    ("no scheme", "hub:sesame@127.0.0.1", "mqtt://user:password@host:1883"),
    ("a port that is none", "mqtt://hub:sesame@127.0.0.1:mqtt", "mqtt://user:password@host:1883"),
    ("a password with a slash, which ends the host", "mqtt://hub:sesame/x@127.0.0.1", "/ is written %2F"),
    ("the same, and what is before it could be a port", "mqtt://hub:1/sesame@127.0.0.1", "/ is written %2F"),
    ("brackets that never close", "mqtt://hub:sesame@[::1", "mqtt://user:password@host:1883"),
]
DATABASES: Final = [
    ("another scheme", "mysql://hub:sesame@127.0.0.1/hub", "postgresql://user:password@host:5432/database"),
    ("no scheme", "hub:sesame@127.0.0.1/hub", "postgresql://user:password@host:5432/database"),
    ("a port that is none", "postgresql://hub:sesame@127.0.0.1:five/hub", '"five"'),
    ("a percent sign", "postgresql://hub:%sesame@127.0.0.1/hub", "% is %25"),
    ("a password with @, whose end would be a host", "postgresql://hub:x@sesame@127.0.0.1/hub", "@ is written %40"),
    ("a password with a slash, a port before it", "postgresql://hub:1/sesame@127.0.0.1/hub", "/ is %2F"),
    ("words in place of an address", "host=127.0.0.1 password='sesame", ""),
    ("an address where nobody answers", "postgresql://hub:sesame@127.0.0.1:1/hub", "does not answer"),
]


@pytest.mark.parametrize(("why", "url", "hint"), BROKERS)
def test_an_address_of_a_broker_is_not_repeated(
    why: str, url: str, hint: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "readings.csv"
    file.write_text(READINGS)
    ended = call_hub("replay", str(file), settings={"HUB_MQTT_URL": url})
    sentence = sentence_of("replay", ended)
    assert sentence.startswith("HUB_MQTT_URL is not an address"), why
    assert hint in sentence
    assert SECRET not in ended[2] + caplog.text + told(lambda: broker_at(url, "hub"))


@pytest.mark.parametrize(("why", "url", "hint"), DATABASES)
def test_an_address_of_a_database_is_not_repeated(
    why: str, url: str, hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    ended = call_hub("migrate", settings={"HUB_DATABASE_URL": url})
    sentence = sentence_of("migrate", ended)
    assert "HUB_DATABASE_URL" in sentence, why
    assert hint in sentence
    assert SECRET not in ended[2] + caplog.text + told(lambda: connect(url))


def test_a_setting_that_is_an_address_is_not_shown() -> None:
    assert SECRET not in told(lambda: read_settings(database_url=[SECRET]))
    assert SECRET not in told(lambda: read_settings(mqtt_url=[SECRET]))
    assert SECRET in told(lambda: read_settings(api_port=SECRET)), "others are, since that helps"


def test_what_is_printed_of_settings_and_brokers_holds_no_password() -> None:
    assert SECRET not in repr(read_settings(database_url=DATABASES[-1][1], mqtt_url=f"mqtt://hub:{SECRET}@127.0.0.1"))
    assert SECRET not in repr(broker_at(f"mqtt://hub:{SECRET}@127.0.0.1", "hub"))


def told(refuse: Callable[[], object]) -> str:
    """All that a log would say of a refusal, causes included, without the lines of code."""
    with pytest.raises(HubError) as refusal:
        refuse()
    told = traceback.TracebackException.from_exception(refusal.value)
    said: list[str] = []
    while told is not None:
        said += told.format_exception_only()
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return "".join(said)


def test_a_login_that_is_refused_is_not_a_missing_server(database_url: str) -> None:
    sentence = sentence_of("migrate", call_hub("migrate", settings={"HUB_DATABASE_URL": database_url + "-not-made"}))
    assert "the database refuses the login" in sentence
    assert "does not exist" in sentence
    assert sentence.endswith("check user, password and database in HUB_DATABASE_URL")
